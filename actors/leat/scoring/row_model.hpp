// The common part of model backends: they score rows of floats, made of the records' feature
// fields.
#pragma once

#include <leat/features.hpp>
#include <leat/file_use.hpp>
#include <leat/scoring/readers/model_file.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace leat {

/// Scores rows: `rows` holds n * shape().features values, row-major, where NaN is missing; `scores`
/// takes n * shape().outputs. Thread-safe. It is called with up to `rows_a_call` rows.
template <class S>
concept row_scorer = requires(const S& s, const std::string& path, std::span<const float> rows,
                              std::span<float> scores) {
  { S::load(path) } -> std::same_as<result<S>>;
  { s.shape() } -> std::same_as<const model_shape&>;
  { s.identity() } -> std::same_as<model_ref>;
  { S::rows_a_call } -> std::convertible_to<std::size_t>;
  s.predict(rows, scores);
};

/// A row_scorer that scores records of F. Score is float or std::array<float, N>.
template <record F, class Score, row_scorer Scorer>
class row_model final : public model<F, Score> {
public:
  using score_type = Score;

  explicit row_model(Scorer scorer) : scorer_(std::move(scorer)) {
    this->identity = scorer_.identity();
  }

  /// The number of scores per record.
  static constexpr std::size_t outputs =
      sizeof(Score) / sizeof(float); // NOLINT(bugprone-sizeof-expression): or an array of them

  /// Rows are gathered in a buffer that each thread keeps.
  void predict(std::span<const F> records, std::span<Score> scores) const override {
    thread_local std::vector<float> rows;
    rows.resize(std::max(rows.size(), std::min(records.size(), block) * width));
    for (std::size_t first = 0; first < records.size(); first += block) {
      const auto part = records.subspan(first, std::min(block, records.size() - first));
      float* end = rows.data();
      for (const F& r : part)
        end = copy_features(r, end);
      scorer_.predict({rows.data(), end}, floats(scores.subspan(first, part.size())));
    }
  }

private:
  static constexpr std::size_t width = feature_count<F>;
  static constexpr std::size_t block = Scorer::rows_a_call;

  static std::span<float> floats(std::span<float> scores) { return scores; }
  template <std::size_t N>
  static std::span<float> floats(std::span<std::array<float, N>> scores) {
    return {scores.data()->data(), scores.size() * N};
  }

  Scorer scorer_;
};

/// Loads a row_scorer from a file to score records of F.
template <record F, class Score, row_scorer Scorer>
class row_model_file {
public:
  using score_type = Score;

  explicit row_model_file(std::string path) : path_(std::move(path)) {}

  std::vector<file_use> inputs() const { return {{path_}}; }

  /// Reads the file and checks that its features are those of F, and its scores a Score. Errors
  /// name the file and both sides.
  result<std::shared_ptr<const model<F, Score>>> load() const {
    auto loaded = Scorer::load(path_);
    if (!loaded)
      return loaded.error();
    constexpr auto names = feature_names<F>();
    using model_type = row_model<F, Score, Scorer>;
    if (auto fits = loaded->shape().accepts(F::fields.record, names, model_type::outputs); !fits)
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
