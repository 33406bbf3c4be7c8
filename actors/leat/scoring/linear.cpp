#include <leat/scoring/linear.hpp>

#include <leat/scoring/readers/model_document.hpp>

#include <cmath>
#include <fmt/format.h>

namespace leat {

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
  const model_document document(
      bytes, {"kind", "features", "coefficients", "intercept", "means", "scales"});
  const std::string kind = document.text("kind");
  if (kind != "linear" && kind != "logistic")
    return user_error(R"(its "kind" is neither "linear" nor "logistic")");
  linear_model model;
  model.logistic_ = kind == "logistic";
  model.intercept_ = document.number("intercept");
  const auto features = document.names("features");
  const auto coefficients = document.numbers("coefficients", features.size());
  const auto means = document.numbers_or(0, "means", features.size());
  const auto scales = document.numbers_or(1, "scales", features.size());
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (scales[i] == 0)
      return user_error(fmt::format("scales[{}] is 0", i),
                        "a feature that never changes has the scale 1");
    model.terms_.push_back({coefficients[i], means[i], scales[i]});
  }
  model.shape_ = {{}, kind, features.size(), 1, features};
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
  throw failure(user_error(fmt::format(
      "the score by model '{}' is not a number: it adds infinities of both signs", shape_.name)));
}

} // namespace leat
