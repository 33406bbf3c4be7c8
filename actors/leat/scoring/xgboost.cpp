#include <leat/scoring/xgboost.hpp>

#include <leat/scoring/readers/tree_ensemble.hpp>
#include <leat/scoring/readers/xgboost_file.hpp>
#include <leat/scoring/readers/xgboost_intercept.hpp>
#include <leat/scoring/readers/xgboost_trees.hpp>

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace leat {
namespace {

/// Of a record's. The library makes room for 64 rows before it looks at one.
constexpr std::int32_t most_features = 1 << 16;

/// The parent of a root, as the library writes it.
constexpr auto no_parent = std::numeric_limits<std::int32_t>::max();

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
  if (features > most_features)
    return user_error(
        fmt::format("it reads {} features; up to {} are supported", features, most_features));
  const auto names = file.feature_names.size();
  if (names != 0 && names != static_cast<std::size_t>(features))
    return user_error(fmt::format("it names {} of its {} features", names, features));
  return static_cast<std::size_t>(features);
}

result<std::size_t> outputs_of(const xgboost_file& file) {
  constexpr std::int32_t most = 1 << 20;
  const auto outputs = std::max({file.num_class.value_or(0), file.num_target.value_or(0), 1});
  if (outputs > most)
    return user_error(fmt::format("it has {} outputs; {} are supported", outputs, most));
  return static_cast<std::size_t>(outputs);
}

/// What the library reads of a tree beside what `breadth_first` needs: parents, which it trusts,
/// and a type for each split.
result<void> check_tree(const xgboost_tree& tree, std::size_t features) {
  const auto order = breadth_first(tree, features);
  if (!order)
    return order.error();
  const auto nodes = tree.left_children.size();
  if (tree.split_type.size() != nodes) // XGBoost before 1.3 did not write it
    return user_error(
        fmt::format("split_type has {} entries for {} nodes", tree.split_type.size(), nodes));
  if (tree.parents.size() != nodes)
    return user_error(
        fmt::format("parents has {} entries for {} nodes", tree.parents.size(), nodes));
  const auto expect = [&](std::size_t child, std::int32_t parent) -> result<void> {
    if (tree.parents[child] == parent)
      return {};
    return user_error(
        fmt::format("node {} has the parent {} instead of {}", child, tree.parents[child], parent));
  };
  if (auto root = expect(0, no_parent); !root)
    return root;
  for (const auto& [at, depth] : *order) {
    const auto left = tree.left_children[at];
    for (const auto child : {left, left + 1})
      if (left != no_child)
        if (auto same = expect(static_cast<std::size_t>(child), static_cast<std::int32_t>(at));
            !same)
          return same;
  }
  return {};
}

/// The library takes trees on trust: with damaged ones it reads any memory, or walks for ever.
/// (Categories of categorical splits are left to its own checks.)
result<void> check_trees(const xgboost_file& file, std::size_t features, std::size_t outputs) {
  const auto trees = trees_in_order(file, outputs);
  if (!trees)
    return trees.error();
  for (std::size_t t = 0; t < trees->size(); ++t)
    if (const auto sound = check_tree(*(*trees)[t], features); !sound)
      return user_error(fmt::format("tree {}: {}", t, sound.error().what));
  return {};
}

xgboost_version library_version() {
  xgboost_version version{};
  XGBoostVersion(&version[0], &version[1], &version[2]);
  return version;
}

/// What to do about a model that is not for this library.
std::string elsewhere(const xgboost_file& file, std::string_view otherwise) {
  return (tree_ensemble::supports(file.objective) ? "score it with leat::trees, or " : "") +
         std::string(otherwise);
}

result<void> check_booster(const xgboost_file& file) {
  if (file.booster == "dart") // its calls for rows in memory round the weights of trees otherwise
    return user_error("its booster is 'dart', whose scores the library's fast call does not round "
                      "as its predict does; 'gbtree' is supported",
                      elsewhere(file, "train it with booster gbtree"));
  if (file.booster != "gbtree")
    return user_error(fmt::format("its booster is '{}'; 'gbtree' is supported", file.booster));
  return {};
}

/// The library must read the file's base_score as the version that wrote it.
result<void> check_intercepts(const xgboost_file& file, std::size_t outputs) {
  const auto written = version_of(file), library = library_version();
  const auto differ = [&](std::string_view how) {
    return fmt::format("XGBoost {} wrote it, and this library, {}, {}", fmt::join(written, "."),
                       fmt::join(library, "."), how);
  };
  if (file.base_score_is_list && library < first_with_intercept_lists)
    return user_error(
        differ("misreads its base_score"),
        elsewhere(file, "link XGBoost 3.1 or later, or save it with XGBoost 3.0 or older"));
  const auto there = intercepts_of(file, outputs, written);
  if (!there)
    return there.error();
  if (!is_logistic(file))
    return {};
  const auto here = intercepts_of(file, outputs, library);
  if (!here || *here != *there)
    return user_error(differ("converts its base_score differently"),
                      elsewhere(file, "link the XGBoost that wrote it"));
  return {};
}

/// The library must have read the base_score that the file holds: one of more than nine digits is
/// 0.5 to XGBoost 1.7, which says nothing.
result<void> check_base_score(BoosterHandle booster, const xgboost_file& file) {
  bst_ulong size = 0;
  const char* configuration = nullptr;
  require(XGBoosterSaveJsonConfig(booster, &size, &configuration));
  const auto there = read_xgboost({configuration, size});
  if (!there)
    return there.error();
  const auto& written = file.base_score;
  const auto& read = there->base_score; // one for each output, or one for all
  for (std::size_t i = 0; i < std::max(written.size(), read.size()); ++i)
    if (read.empty() || written[i % written.size()] != read[i % read.size()])
      return user_error(fmt::format("this library, XGBoost {}, misreads its base_score, {}",
                                    fmt::join(library_version(), "."), written[i % written.size()]),
                        elsewhere(file, "write its base_score with at most nine digits"));
  return {};
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
  if (const auto known = check_booster(*file); !known)
    return known.error();
  const auto features = features_of(*file);
  if (!features)
    return features.error();

  const auto outputs = outputs_of(*file);
  if (!outputs)
    return outputs.error();
  if (const auto same = check_intercepts(*file, *outputs); !same)
    return same.error();
  if (const auto sound = check_trees(*file, *features, *outputs); !sound)
    return sound.error();

  BoosterHandle handle = nullptr;
  require(XGBoosterCreate(nullptr, 0, &handle));
  xgboost_booster model{booster_ptr(handle)};
  require(XGBoosterSetParam(handle, "verbosity", "0"));
  require(XGBoosterSetParam(handle, "nthread", "1"));
  require(XGBoosterLoadModelFromBuffer(handle, bytes.data(), bytes.size()));
  if (const auto same = check_base_score(handle, *file); !same)
    return same.error();

  // A first row tells how many scores there are, and what the library does not do at all.
  const std::vector<float> row(*features, std::numeric_limits<float>::quiet_NaN());
  const std::size_t scores = model.scores_of(row, *features).size();
  model.shape_ = {{}, file->objective, *features, scores, file->feature_names};
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
