// Tree models as a scoring stage takes them: leat::trees<payment>("risk.json").
#pragma once

#include <leat/features.hpp>
#include <leat/model.hpp>
#include <leat/scoring/tree_ensemble.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>

namespace leat {

/// A tree_ensemble that scores records of F.
template <record F, class Score>
class tree_model final : public model<F, Score> {
public:
  using score_type = Score;

  explicit tree_model(tree_ensemble trees) : trees_(std::move(trees)) {
    this->identity = trees_.identity();
  }

  /// Scores that a record gets. Score is float or std::array<float, N>.
  static constexpr std::size_t outputs = sizeof(Score) / sizeof(float);

  /// Rows are gathered in blocks on the stack; nothing is allocated.
  void predict(std::span<const F> records, std::span<Score> scores) const override {
    std::array<float, block * width> rows;
    for (std::size_t first = 0; first < records.size(); first += block) {
      const auto part = records.subspan(first, std::min(block, records.size() - first));
      float* end = rows.data();
      for (const F& r : part)
        end = copy_features(r, end);
      trees_.predict({rows.data(), end}, floats(scores.subspan(first, part.size())));
    }
  }

private:
  static constexpr std::size_t width = feature_count<F>;
  static constexpr std::size_t block = std::clamp<std::size_t>(4096 / width, 1, 64);

  static std::span<float> floats(std::span<float> scores) { return scores; }
  template <std::size_t N>
  static std::span<float> floats(std::span<std::array<float, N>> scores) {
    return {scores.data()->data(), scores.size() * N};
  }

  tree_ensemble trees_;
};

/// Brings an XGBoost model from a file (see tree_ensemble) to score records of F. Score is float
/// for models with one output, std::array<float, N> for multi:softprob with N classes:
/// probabilities, or the value for reg:squarederror. A feature that is NaN is missing.
template <record F, class Score = float>
class trees {
public:
  using score_type = Score;

  explicit trees(std::string path) : path_(std::move(path)) {}

  /// Reads the file and checks that its features are those of F. Errors name the file and both
  /// sides.
  result<std::shared_ptr<const model<F, Score>>> load() const {
    auto loaded = tree_ensemble::load(path_);
    if (!loaded)
      return loaded.error();
    constexpr auto names = feature_names<F>();
    using model_type = tree_model<F, Score>;
    if (auto fits = loaded->accepts(F::fields.record, names, model_type::outputs); !fits)
      return fits.error();
    return std::shared_ptr<const model<F, Score>>(
        std::make_shared<const model_type>(*std::move(loaded)));
  }

private:
  static_assert(feature_count<F> > 0,
                "a record to be scored declares its inputs with leat::feature");

  std::string path_;
};

} // namespace leat
