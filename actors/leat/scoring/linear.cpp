#include <leat/scoring/linear.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace leat {
namespace {

using nlohmann::json;

/// A member of the document, or an error that says it is missing.
const json& member(const json& document, const char* name) {
  const auto found = document.find(name);
  if (found == document.end())
    throw failure(user_error(fmt::format("it has no \"{}\"", name)));
  return *found;
}

double number(const json& value, const std::string& where) {
  if (!value.is_number())
    throw failure(user_error(fmt::format("{} is not a number", where)));
  return value.get<double>(); // finite: JSON has no other numbers, and one out of range is refused
}

std::vector<std::string> names(const json& list) {
  if (!list.is_array() || list.empty())
    throw failure(user_error("\"features\" is not a list of names"));
  std::vector<std::string> all;
  for (const json& name : list) {
    if (!name.is_string())
      throw failure(user_error(fmt::format("features[{}] is not a name", all.size())));
    all.push_back(name.get<std::string>());
  }
  return all;
}

/// As many numbers as there are features.
std::vector<double> numbers(const json& list, const char* name, std::size_t features) {
  if (!list.is_array())
    throw failure(user_error(fmt::format("\"{}\" is not a list of numbers", name)));
  if (list.size() != features)
    throw failure(user_error(
        fmt::format("\"{}\" has {} numbers for {} features", name, list.size(), features)));
  std::vector<double> all;
  for (const json& value : list)
    all.push_back(number(value, fmt::format("{}[{}]", name, all.size())));
  return all;
}

std::vector<double> numbers_or(double otherwise, const json& document, const char* name,
                               std::size_t features) {
  return document.contains(name) ? numbers(document[name], name, features)
                                 : std::vector<double>(features, otherwise);
}

/// A misspelt "means" must not be a model without means.
void check_members(const json& document) {
  static constexpr std::string_view known[] = {"kind",      "features", "coefficients",
                                               "intercept", "means",    "scales"};
  for (const auto& item : document.items())
    if (std::find(std::begin(known), std::end(known), item.key()) == std::end(known))
      throw failure(user_error(fmt::format("it has an unknown member \"{:.50}\"", item.key()),
                               fmt::format("members: {}", fmt::join(known, ", "))));
}

} // namespace

result<linear_model> linear_model::load(const std::string& path) {
  const auto bytes = read_model_file(path);
  if (!bytes)
    return bytes.error();
  return parse(*bytes, path);
}

result<linear_model> linear_model::parse(std::string_view bytes, const std::string& name) {
  try {
    auto model = build(bytes);
    if (!model)
      return in_model(name, model.error());
    model->shape_.name = name;
    model->identity_ = identity_of_file(name, bytes);
    return model;
  } catch (const failure& e) {
    return in_model(name, e.error());
  }
}

result<linear_model> linear_model::build(std::string_view bytes) {
  json document;
  try {
    document = json::parse(bytes);
  } catch (const json::exception& e) { // "[json.exception.parse_error.101] parse error at ..."
    const std::string_view text = e.what();
    return user_error(fmt::format("it is not JSON: {:.200}", text.substr(text.find(' ') + 1)));
  }
  if (!document.is_object())
    return user_error("it is not a JSON object");
  check_members(document);

  linear_model model;
  const json& kind = member(document, "kind");
  if (kind != "linear" && kind != "logistic")
    return user_error(R"(its "kind" is neither "linear" nor "logistic")");
  model.logistic_ = kind == "logistic";
  model.intercept_ = number(member(document, "intercept"), "\"intercept\"");
  const auto features = names(member(document, "features"));
  const auto coefficients =
      numbers(member(document, "coefficients"), "coefficients", features.size());
  const auto means = numbers_or(0, document, "means", features.size());
  const auto scales = numbers_or(1, document, "scales", features.size());
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (scales[i] == 0)
      return user_error(fmt::format("scales[{}] is 0", i),
                        "a feature that never changes has the scale 1");
    model.terms_.push_back({coefficients[i], means[i], scales[i]});
  }
  model.shape_ = {{}, kind.get<std::string>(), features.size(), 1, features};
  return model;
}

void linear_model::predict(std::span<const float> rows, std::span<float> scores) const {
  const std::size_t count = shape_.rows_in(rows.size(), scores.size());
  for (std::size_t r = 0; r < count; ++r) {
    const float* const row = rows.data() + r * terms_.size();
    double sum = intercept_;
    for (std::size_t f = 0; f < terms_.size(); ++f)
      sum += terms_[f].coefficient *
             ((static_cast<double>(row[f]) - terms_[f].mean) / terms_[f].scale);
    if (std::isnan(sum))
      refuse({row, terms_.size()});
    scores[r] = static_cast<float>(logistic_ ? 1 / (1 + std::exp(-sum)) : sum);
  }
}

void linear_model::refuse(std::span<const float> row) const {
  for (std::size_t f = 0; f < row.size(); ++f)
    if (std::isnan(row[f]))
      throw failure(user_error(fmt::format("feature '{}' is missing, and model '{}' needs all",
                                           shape_.feature_names[f], shape_.name)));
  throw failure(user_error(
      fmt::format("the score by model '{}' is not a number: infinities meet in it", shape_.name)));
}

} // namespace leat
