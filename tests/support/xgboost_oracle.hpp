// The XGBoost library by its C interface, as far as tests and benchmarks ask it for the truth.
#pragma once

#include <xgboost/c_api.h>

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace leat::test {

inline void check_xgboost(int code) {
  if (code != 0)
    throw std::runtime_error(XGBGetLastError());
}

/// A booster of the library: trained here, or loaded from a file. One thread.
class xgboost_oracle {
public:
  using parameters = std::map<std::string, std::string>;

  /// Trains on `rows` (row-major, NaN is missing) with a label for each.
  xgboost_oracle(std::span<const float> rows, std::span<const float> labels,
                 const parameters& chosen, int rounds) {
    check_xgboost(XGDMatrixCreateFromMat(rows.data(), labels.size(), rows.size() / labels.size(),
                                         NAN, &data_));
    check_xgboost(XGDMatrixSetFloatInfo(data_, "label", labels.data(), labels.size()));
    create();
    for (const auto& [name, value] : chosen)
      check_xgboost(XGBoosterSetParam(booster_, name.c_str(), value.c_str()));
    for (int round = 0; round < rounds; ++round)
      check_xgboost(XGBoosterUpdateOneIter(booster_, round, data_));
  }

  explicit xgboost_oracle(const std::string& path) {
    create();
    check_xgboost(XGBoosterLoadModel(booster_, path.c_str()));
  }

  xgboost_oracle(const xgboost_oracle&) = delete;
  xgboost_oracle& operator=(const xgboost_oracle&) = delete;
  ~xgboost_oracle() {
    XGBoosterFree(booster_);
    XGDMatrixFree(proxy_);
    if (data_ != nullptr)
      XGDMatrixFree(data_);
  }

  /// The format follows from the name: .json or .ubj.
  void save(const std::string& path) const {
    check_xgboost(XGBoosterSaveModel(booster_, path.c_str()));
  }
  void set_attribute(const std::string& name, const std::string& value) {
    check_xgboost(XGBoosterSetAttr(booster_, name.c_str(), value.c_str()));
  }
  void name_features(std::vector<const char*> names) {
    check_xgboost(XGBoosterSetStrFeatureInfo(booster_, "feature_name", names.data(), names.size()));
  }

  /// How the library is told where `rows` of `features` are.
  static std::string describe(std::span<const float> rows, std::size_t features) {
    return fmt::format(R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
                       reinterpret_cast<std::uintptr_t>(rows.data()), rows.size() / features,
                       features);
  }

  /// Its scores for described rows, by the call with the least overhead it has. Valid until the
  /// next.
  std::span<const float> predict(const std::string& described) const {
    static constexpr char config[] =
        R"({"type":0,"training":false,"iteration_begin":0,)"
        R"("iteration_end":0,"missing":NaN,"strict_shape":false,"cache_id":0})";
    bst_ulong const* shape = nullptr;
    bst_ulong dimensions = 0;
    float const* scores = nullptr;
    check_xgboost(XGBoosterPredictFromDense(booster_, described.c_str(), config, proxy_, &shape,
                                            &dimensions, &scores));
    bst_ulong size = 1;
    for (bst_ulong d = 0; d < dimensions; ++d)
      size *= shape[d];
    return {scores, size};
  }
  std::span<const float> predict(std::span<const float> rows, std::size_t features) const {
    return predict(describe(rows, features));
  }

private:
  void create() {
    check_xgboost(XGBoosterCreate(&data_, data_ == nullptr ? 0 : 1, &booster_));
    check_xgboost(XGBoosterSetParam(booster_, "nthread", "1"));
    check_xgboost(XGBoosterSetParam(booster_, "verbosity", "0"));
    check_xgboost(XGProxyDMatrixCreate(&proxy_)); // spares the library making one for each call
  }

  DMatrixHandle data_ = nullptr; ///< what it was trained on
  DMatrixHandle proxy_ = nullptr;
  BoosterHandle booster_ = nullptr;
};

} // namespace leat::test
