#include <leat/scoring/readers/tree_ensemble.hpp>

#include <leat/scoring/readers/forest.hpp>
#include <leat/scoring/readers/xgboost_file.hpp>
#include <leat/scoring/readers/xgboost_intercept.hpp>
#include <leat/scoring/readers/xgboost_trees.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

namespace leat {
namespace {

/// What turns the sum of a row's leaves into its scores.
enum class link_function { identity, sigmoid, softmax };

constexpr std::int32_t most_outputs = 1 << 20;

struct supported_objective {
  std::string_view name;
  link_function link;
};
constexpr supported_objective supported[] = {
    {"binary:logistic", link_function::sigmoid},   {"reg:logistic", link_function::sigmoid},
    {"reg:squarederror", link_function::identity}, {"reg:absoluteerror", link_function::identity},
    {"multi:softprob", link_function::softmax},
};

const supported_objective* find_objective(std::string_view name) {
  const auto* found = std::find_if(std::begin(supported), std::end(supported),
                                   [&](const auto& o) { return o.name == name; });
  return found == std::end(supported) ? nullptr : found;
}

result<link_function> link_of(const xgboost_file& file) {
  if (file.booster != "gbtree" && file.booster != "dart")
    return user_error(
        fmt::format("its booster is '{}'; 'gbtree' and 'dart' are supported", file.booster));
  if (const auto* objective = find_objective(file.objective))
    return objective->link;
  std::vector<std::string_view> names;
  for (const auto& objective : supported)
    names.push_back(objective.name);
  return user_error(
      fmt::format("its objective is '{}'; supported are {}", file.objective,
                  fmt::join(names, ", ")),
      file.base_score_is_list
          ? "score it with leat::xgboost, linked to XGBoost 3.1 or later, which this file needs"
          : "score it with leat::xgboost");
}

result<std::size_t> features_of(const xgboost_file& file) {
  const auto features = file.num_feature.value_or(0);
  if (features < 1)
    return user_error("its num_feature is missing or below 1");
  if (static_cast<std::size_t>(features) > forest::most_features)
    return user_error(fmt::format("it reads {} features; up to {} are supported", features,
                                  forest::most_features));
  const auto names = file.feature_names.size();
  if (names != 0 && names != static_cast<std::size_t>(features))
    return user_error(fmt::format("it names {} of its {} features", names, features));
  return static_cast<std::size_t>(features);
}

result<std::size_t> outputs_of(const xgboost_file& file, link_function link) {
  const auto targets = file.num_target.value_or(1);
  if (targets > 1)
    return user_error(fmt::format("it has {} targets; only one is supported", targets));
  const auto classes = file.num_class.value_or(0);
  if (link != link_function::softmax && (classes < 0 || classes > 1))
    return user_error(
        fmt::format("its num_class is {}, which does not go with {}", classes, file.objective));
  if (link == link_function::softmax && (classes < 1 || classes > most_outputs))
    return user_error(
        fmt::format("its num_class is {}; 1 to {} are possible", classes, most_outputs));
  return static_cast<std::size_t>(std::max(classes, 1));
}

/// All trees, output by output: the order matters only among those that add to the same sum.
result<forest> grow(const xgboost_file& file, std::size_t features, std::size_t outputs,
                    const vector_walker* vectors) {
  const auto trees = trees_in_order(file, outputs);
  if (!trees)
    return trees.error();
  const bool weighted = file.booster == "dart";
  std::vector<std::size_t> order(trees->size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return file.tree_info[a] < file.tree_info[b];
  });

  forest grown(features, outputs, vectors);
  for (const auto t : order)
    if (auto added = grown.add(*(*trees)[t], static_cast<std::size_t>(file.tree_info[t]),
                               weighted ? file.weight_drop[t] : 1.0f);
        !added)
      return user_error(fmt::format("tree {}: {}", t, added.error().what));
  return grown;
}

/// The logistic function as XGBoost computes it, rounding for rounding: in float, its exponent
/// capped before it overflows. (XGBoost also adds 1e-16 to the denominator, which no float above 1
/// notices.)
float sigmoid(float x) { return 1.0f / (std::exp(std::min(-x, 88.7f)) + 1.0f); }

/// Softmax as XGBoost computes it: floats summed up in double, divided by that sum as float.
void softmax(std::span<float> row) {
  float largest = row[0];
  for (const float x : row.subspan(1))
    largest = std::fmax(x, largest);
  double sum = 0;
  for (float& x : row) {
    x = std::exp(x - largest);
    sum += x;
  }
  for (float& x : row)
    x /= static_cast<float>(sum);
}

void apply(link_function link, std::span<float> sums, std::size_t outputs) {
  switch (link) {
  case link_function::identity:
    return;
  case link_function::sigmoid:
    for (float& x : sums)
      x = sigmoid(x);
    return;
  case link_function::softmax:
    for (std::size_t row = 0; row < sums.size(); row += outputs)
      softmax(sums.subspan(row, outputs));
    return;
  }
}

} // namespace

struct tree_ensemble::contents {
  forest trees;
  link_function link;
  std::vector<float> bases; ///< where the sum of each output starts
  model_shape shape;
  std::map<std::string, std::string, std::less<>> attributes;
  model_ref identity = {};
};

bool tree_ensemble::supports(std::string_view objective) {
  return find_objective(objective) != nullptr;
}

result<tree_ensemble> tree_ensemble::load(const std::string& path, const vector_walker* vectors) {
  const auto bytes = read_model_file(path);
  if (!bytes)
    return bytes.error();
  return parse(*bytes, path, vectors);
}

result<tree_ensemble> tree_ensemble::parse(std::string_view bytes, const std::string& name,
                                           const vector_walker* vectors) {
  auto file = read_xgboost(bytes);
  if (!file)
    return in_model(name, file.error());
  auto model = build(*file, vectors);
  if (!model)
    return in_model(name, model.error());
  model->shape.name = name;
  model->identity = identity_of_file(name, bytes);
  return tree_ensemble(std::make_shared<const contents>(*std::move(model)));
}

auto tree_ensemble::build(const xgboost_file& file, const vector_walker* vectors)
    -> result<contents> {
  const auto link = link_of(file);
  if (!link)
    return link.error();
  const auto features = features_of(file);
  if (!features)
    return features.error();
  const auto outputs = outputs_of(file, *link);
  if (!outputs)
    return outputs.error();
  auto bases = intercepts_of(file, *outputs, version_of(file));
  if (!bases)
    return bases.error();
  auto trees = grow(file, *features, *outputs, vectors);
  if (!trees)
    return trees.error();
  return contents{*std::move(trees),
                  *link,
                  *std::move(bases),
                  {{}, file.objective, *features, *outputs, file.feature_names},
                  file.attributes};
}

const model_shape& tree_ensemble::shape() const { return contents_->shape; }

model_ref tree_ensemble::identity() const { return contents_->identity; }

std::optional<std::string> tree_ensemble::attribute(std::string_view name) const {
  const auto& attributes = contents_->attributes;
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::nullopt : std::optional(found->second);
}

void tree_ensemble::predict(std::span<const float> rows, std::span<float> scores) const {
  const auto& [trees, link, bases, shape, attributes, identity] = *contents_;
  const std::size_t count = shape.rows_in(rows.size(), scores.size());
  for (std::size_t row = 0; row < count; ++row)
    std::copy(bases.begin(), bases.end(), scores.begin() + std::ptrdiff_t(row * bases.size()));
  trees.add_leaves(rows.data(), count, scores.data());
  apply(link, scores, shape.outputs);
}

} // namespace leat
