#include "trees.hpp"

#include <leat/scoring/readers/tree_ensemble.hpp>

#include "support/xgboost_oracle.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace bench {

using leat::failure, leat::tree_ensemble;
namespace test = leat::test;
namespace {

constexpr std::size_t features = 28;
constexpr std::size_t pane = 512;
constexpr std::size_t rows_trained = 20'000;
constexpr std::size_t rows_scored = 16 * pane;

/// Normally distributed, five values of a hundred missing.
std::vector<float> random_rows(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value;
  std::vector<float> rows(count * features);
  for (float& x : rows)
    x = random() % 20 == 0 ? NAN : value(random);
  return rows;
}

/// Whether a sum of waves is positive: every feature matters, so the trees grow to their full
/// depth.
std::vector<float> labels_of(const std::vector<float>& rows) {
  std::vector<float> labels(rows.size() / features);
  for (std::size_t r = 0; r < labels.size(); ++r) {
    float sum = 0;
    for (std::size_t f = 0; f < features; ++f)
      if (const float x = rows[r * features + f]; !std::isnan(x))
        sum += std::sin(x * static_cast<float>(f + 1));
    labels[r] = sum > 0 ? 1.0f : 0.0f;
  }
  return labels;
}

tree_ensemble saved_and_loaded(const test::xgboost_oracle& library) {
  const auto path = std::filesystem::temp_directory_path() /
                    fmt::format("leat-bench-{:x}.ubj", std::random_device{}());
  library.save(path.string());
  auto model = tree_ensemble::load(path.string());
  std::filesystem::remove(path);
  if (!model)
    throw failure(model.error());
  return *std::move(model);
}

/// Nanoseconds a row of scoring all rows, `size` of them a call.
template <class Predict>
double time_calls(std::size_t size, Predict&& predict) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t row = 0; row < rows_scored; row += size)
    predict(row / size);
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / rows_scored;
}

double median(std::vector<double> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

/// Both sides at one size of call. The library gets its descriptions of rows ready-made.
class contest {
public:
  contest(const test::xgboost_oracle& library, const tree_ensemble& native,
          std::span<const float> rows, std::size_t size)
      : library_(library), native_(native), rows_(rows), size_(size), scores_(size) {
    for (std::size_t row = 0; row < rows_scored; row += size)
      described_.push_back(library.describe(call(row / size), features));
  }

  void run() {
    library_times.push_back(
        time_calls(size_, [&](std::size_t c) { library_.predict(described_[c]); }));
    native_times.push_back(
        time_calls(size_, [&](std::size_t c) { native_.predict(call(c), scores_); }));
  }

  std::vector<double> library_times;
  std::vector<double> native_times;

private:
  std::span<const float> call(std::size_t c) const {
    return rows_.subspan(c * size_ * features, size_ * features);
  }

  const test::xgboost_oracle& library_;
  const tree_ensemble& native_;
  std::span<const float> rows_;
  std::size_t size_;
  std::vector<float> scores_;
  std::vector<std::string> described_;
};

} // namespace

tree_figures measure_trees(int repeats) {
  const auto known = random_rows(rows_trained, 1);
  const test::xgboost_oracle library(
      known, labels_of(known),
      {{"objective", "binary:logistic"}, {"max_depth", "6"}, {"tree_method", "hist"}}, 100);
  const auto native = saved_and_loaded(library);

  const auto rows = random_rows(rows_scored, 2);
  contest one(library, native, rows, 1);
  contest many(library, native, rows, pane);
  for (int repeat = 0; repeat < std::max(repeats, 1); ++repeat) {
    one.run();
    many.run();
  }
  return {median(one.library_times), median(one.native_times), median(many.library_times),
          median(many.native_times)};
}

} // namespace bench
