// What tests of models share: files, rows, labels, and questions to a leat::row_scorer.
#pragma once

#include <leat/scoring/row_model.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

namespace leat::test {

inline bool mentions(const error& e, std::string_view text) {
  return to_string(e).find(text) != std::string::npos;
}

/// A file that lives as long as this object.
class scoped_file {
public:
  explicit scoped_file(const std::string& suffix, std::string_view content = {}) {
    static std::atomic<int> next{0};
    path_ = (std::filesystem::temp_directory_path() /
             fmt::format("leat-test-{}-{}{}", ::getpid(), next++, suffix))
                .string();
    std::ofstream(path_, std::ios::binary) << content;
  }
  scoped_file(const scoped_file&) = delete;
  scoped_file& operator=(const scoped_file&) = delete;
  ~scoped_file() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }

private:
  std::string path_;
};

/// The model, or a failed test with the error's text.
template <class Model>
Model sound(result<Model> loaded) {
  if (!loaded)
    throw failure(loaded.error());
  return *std::move(loaded);
}

/// Normally distributed values; `missing_of_100` of them are NaN.
inline std::vector<float> random_rows(std::mt19937& random, std::size_t count, std::size_t width,
                                      unsigned missing_of_100) {
  std::normal_distribution<float> value;
  std::vector<float> rows(count * width);
  for (float& x : rows)
    x = random() % 100 < missing_of_100 ? NAN : value(random);
  return rows;
}

/// A label for each row, which depends on all its features: a class if there are several, else a
/// number.
inline std::vector<float> labels_of(std::span<const float> rows, std::size_t width, int classes) {
  std::vector<float> labels(rows.size() / width);
  for (std::size_t r = 0; r < labels.size(); ++r) {
    float sum = 0;
    for (std::size_t f = 0; f < width; ++f)
      if (const float x = rows[r * width + f]; !std::isnan(x))
        sum += std::sin(x * static_cast<float>(f + 1));
    const auto cell = static_cast<int>(std::floor(std::fabs(sum) * 2));
    labels[r] = classes == 0 ? sum : static_cast<float>(cell % classes);
  }
  return labels;
}

/// Scores of rows that are asked for `pane` rows at a time.
template <row_scorer Model>
std::vector<float> scores_of(const Model& model, std::span<const float> rows, std::size_t pane) {
  const auto [width, outputs] = std::pair(model.shape().features, model.shape().outputs);
  const std::size_t count = rows.size() / width;
  std::vector<float> scores(count * outputs);
  for (std::size_t first = 0; first < count; first += pane) {
    const std::size_t n = std::min(pane, count - first);
    model.predict(rows.subspan(first * width, n * width),
                  std::span(scores).subspan(first * outputs, n * outputs));
  }
  return scores;
}

/// Scores of rows in one call, which must be whole rows.
template <row_scorer Model>
std::vector<float> scores_of(const Model& model, std::span<const float> rows) {
  std::vector<float> scores(rows.size() / model.shape().features * model.shape().outputs);
  model.predict(rows, scores);
  return scores;
}

/// The first score whose bits differ; empty if none does.
inline std::string difference(std::span<const float> truth, std::span<const float> scores) {
  if (truth.size() != scores.size())
    return fmt::format("{} scores instead of {}", scores.size(), truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i)
    if (std::bit_cast<std::uint32_t>(truth[i]) != std::bit_cast<std::uint32_t>(scores[i]))
      return fmt::format("score {}: {} instead of {}", i, scores[i], truth[i]);
  return {};
}

/// Threads that share a model, with panes of different sizes, get the scores that one gets.
template <row_scorer Model>
void check_shared_by_threads(const Model& model, std::span<const float> rows) {
  const auto truth = scores_of(model, rows, 64);
  std::vector<std::vector<float>> got(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < got.size(); ++t)
    threads.emplace_back([&, t] { got[t] = scores_of(model, rows, 1 + 7 * t); });
  for (auto& t : threads)
    t.join();
  for (const auto& scores : got)
    CHECK(difference(truth, scores) == "");
}

} // namespace leat::test
