#include <leat/scoring/xgboost.hpp>

#include <leat/scoring/xgboost_file.hpp>
#include <leat/scoring/xgboost_trees.hpp>

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace leat {
namespace {

/// "[15:36:04] ./src/a.cc:12: Check failed: ...\nStack trace:..." without time, place and trace.
std::string reason_of(std::string_view message) {
  message = message.substr(0, message.find("\nStack trace"));
  if (const auto place = message.find("] "); message.starts_with('[') && place != message.npos)
    message.remove_prefix(std::min(message.find(": ", place), message.size() - 2) + 2);
  std::string reason(message.substr(0, 300));
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  return reason.substr(0, reason.find_last_not_of(' ') + 1);
}

void require(int code) {
  if (code != 0)
    throw failure(user_error("XGBoost refuses it: " + reason_of(XGBGetLastError())));
}

/// Points the library to rows. It keeps results by thread, so each thread has one of these.
class described_rows {
public:
  described_rows() { require(XGProxyDMatrixCreate(&handle_)); }
  described_rows(const described_rows&) = delete;
  described_rows& operator=(const described_rows&) = delete;
  ~described_rows() { XGDMatrixFree(handle_); }

  DMatrixHandle get() const { return handle_; }

private:
  DMatrixHandle handle_ = nullptr;
};

result<std::size_t> features_of(const xgboost_file& file) {
  const auto features = file.num_feature.value_or(0);
  if (features < 1)
    return user_error("its num_feature is missing or below 1");
  const auto names = file.feature_names.size();
  if (names != 0 && names != static_cast<std::size_t>(features))
    return user_error(fmt::format("it names {} of its {} features", names, features));
  return static_cast<std::size_t>(features);
}

/// Each is a node, or the library's number for none.
result<void> check_parents(const xgboost_tree& tree) {
  constexpr auto none = std::numeric_limits<std::int32_t>::max();
  if (tree.parents.size() != tree.left_children.size())
    return user_error(fmt::format("parents has {} entries for {} nodes", tree.parents.size(),
                                  tree.left_children.size()));
  for (const auto parent : tree.parents)
    if (parent != none && (parent < 0 || parent >= *tree.num_nodes))
      return user_error(
          fmt::format("a node has the parent {}, of {} nodes", parent, *tree.num_nodes));
  return {};
}

result<void> check_tree(const xgboost_tree& tree, std::size_t features) {
  if (const auto order = breadth_first(tree, features); !order)
    return order.error();
  return check_parents(tree);
}

/// The library takes trees on trust: with damaged ones it reads any memory, or walks for ever.
/// (Categories of categorical splits are left to its own checks.)
result<void> check_trees(const xgboost_file& file, std::size_t features) {
  const auto outputs = std::max({file.num_class.value_or(0), file.num_target.value_or(0), 1});
  const auto trees = trees_in_order(file, static_cast<std::size_t>(outputs));
  if (!trees)
    return trees.error();
  for (std::size_t t = 0; t < trees->size(); ++t)
    if (const auto sound = check_tree(*(*trees)[t], features); !sound)
      return user_error(fmt::format("tree {}: {}", t, sound.error().what));
  if (file.booster == "dart" && file.weight_drop.size() != trees->size())
    return user_error(fmt::format("its weight_drop has {} entries for {} trees",
                                  file.weight_drop.size(), trees->size()));
  return {};
}

/// Since 3.1 base_score is a list, which older libraries take for another number without a word.
result<void> check_version(const xgboost_file& file) {
  using version = std::array<int, 3>;
  constexpr version first_with_list = {3, 1, 0};
  version written{}, library{};
  std::copy_n(file.version.begin(), std::min(file.version.size(), written.size()), written.begin());
  XGBoostVersion(&library[0], &library[1], &library[2]);
  if (written < first_with_list || library >= first_with_list)
    return {};
  return user_error(
      fmt::format("XGBoost {} wrote it, and this library, {}, misreads its base_score",
                  fmt::join(written, "."), fmt::join(library, ".")),
      "score it with leat::trees, or save it with XGBoost 3.0 or older");
}

} // namespace

void xgboost_booster::release::operator()(void* booster) const { XGBoosterFree(booster); }

result<xgboost_booster> xgboost_booster::load(const std::string& path) {
  const auto bytes = read_model_file(path);
  if (!bytes)
    return bytes.error();
  try {
    auto model = build(*bytes);
    if (!model)
      return in_model(path, model.error());
    model->shape_.name = path;
    model->identity_ = identity_of_file(path, *bytes);
    return model;
  } catch (const failure& e) {
    return in_model(path, e.error());
  }
}

result<xgboost_booster> xgboost_booster::build(std::string_view bytes) {
  const auto file = read_xgboost(bytes); // its errors say where; and names are not asked of XGBoost
  if (!file)
    return file.error();
  if (const auto readable = check_version(*file); !readable)
    return readable.error();
  const auto features = features_of(*file);
  if (!features)
    return features.error();

  if (file->booster != "gbtree" && file->booster != "dart")
    return user_error(
        fmt::format("its booster is '{}'; 'gbtree' and 'dart' are supported", file->booster));
  if (const auto sound = check_trees(*file, *features); !sound)
    return sound.error();

  BoosterHandle handle = nullptr;
  require(XGBoosterCreate(nullptr, 0, &handle));
  xgboost_booster model{booster_ptr(handle)};
  require(XGBoosterSetParam(handle, "verbosity", "0"));
  require(XGBoosterSetParam(handle, "nthread", "1"));
  require(XGBoosterLoadModelFromBuffer(handle, bytes.data(), bytes.size()));

  // A first row tells how many scores there are, and what the library does not do at all.
  const std::vector<float> row(*features, std::numeric_limits<float>::quiet_NaN());
  const std::size_t outputs = model.scores_of(row, *features).size();
  model.shape_ = {{}, file->objective, *features, outputs, file->feature_names};
  return model;
}

void xgboost_booster::predict(std::span<const float> rows, std::span<float> scores) const {
  if (shape_.rows_in(rows.size(), scores.size()) == 0)
    return;
  const auto got = scores_of(rows, shape_.features);
  if (got.size() != scores.size())
    throw failure(internal_error(fmt::format("model '{}': XGBoost gives {} scores instead of {}",
                                             shape_.name, got.size(), scores.size())));
  std::copy(got.begin(), got.end(), scores.begin());
}

std::span<const float> xgboost_booster::scores_of(std::span<const float> rows,
                                                  std::size_t width) const {
  static constexpr char how[] = R"({"type":0,"training":false,"iteration_begin":0,)"
                                R"("iteration_end":0,"missing":NaN,"strict_shape":false,)"
                                R"("cache_id":0})";
  thread_local const described_rows described;
  std::array<char, 128> where; // two numbers of up to 20 digits, and 55 characters
  *fmt::format_to(where.data(),
                  R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
                  reinterpret_cast<std::uintptr_t>(rows.data()), rows.size() / width, width) = '\0';

  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* scores = nullptr;
  require(XGBoosterPredictFromDense(booster_.get(), where.data(), how, described.get(), &shape,
                                    &dimensions, &scores));
  bst_ulong size = 1;
  for (bst_ulong d = 0; d < dimensions; ++d)
    size *= shape[d];
  return {scores, size};
}

} // namespace leat
