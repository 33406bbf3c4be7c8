#include "trees.hpp"

#include "figures.hpp"
#include "temporary_folder.hpp"

#include <leat/scoring/readers/forest.hpp>
#include <leat/scoring/readers/tree_ensemble.hpp>

#include "support/xgboost_oracle.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace bench {

using leat::failure, leat::forest, leat::tree_ensemble;
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

/// The native scorer of the library's model, with its vectors and without.
struct native_models {
  tree_ensemble vectors;
  tree_ensemble plain;
};

native_models saved_and_loaded(const test::xgboost_oracle& library) {
  const bench::temporary_folder folder;
  const std::string path = folder.file("model.ubj");
  library.save(path);
  auto vectors = tree_ensemble::load(path);
  auto plain = tree_ensemble::load(path, nullptr);
  if (!vectors || !plain)
    throw failure((vectors ? plain : vectors).error());
  return {*std::move(vectors), *std::move(plain)};
}

/// Nanoseconds a row of scoring the first `count` rows, `size` of them a call.
template <class Predict>
double time_calls(std::size_t count, std::size_t size, Predict&& predict) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t row = 0; row < count; row += size)
    predict(row / size);
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(count);
}

std::span<const float> call(std::span<const float> rows, std::size_t size, std::size_t c) {
  return rows.subspan(c * size * features, size * features);
}

/// All sides at one size of call. The library gets its descriptions of rows ready-made.
tree_times compare(const test::xgboost_oracle& library, const native_models& native,
                   std::span<const float> rows, std::size_t size, int repeats) {
  std::vector<std::string> described;
  for (std::size_t row = 0; row < rows_scored; row += size)
    described.push_back(library.describe(call(rows, size, row / size), features));
  std::vector<float> scores(size);
  const auto scorer = [&](const tree_ensemble& model) {
    return [&] {
      return time_calls(rows_scored, size,
                        [&](std::size_t c) { model.predict(call(rows, size, c), scores); });
    };
  };
  const auto v = interleave(repeats, {[&] {
                                        return time_calls(rows_scored, size, [&](std::size_t c) {
                                          library.predict(described[c]);
                                        });
                                      },
                                      scorer(native.plain), scorer(native.vectors)});
  return {median(v[0]), median(v[1]), median(v[2])};
}

/// A complete tree of random splits.
leat::xgboost_tree random_tree(std::mt19937& random, std::uint32_t depth) {
  std::normal_distribution<float> value;
  const std::int32_t splits = (1 << depth) - 1;
  const std::int32_t nodes = 2 * splits + 1;
  leat::xgboost_tree tree;
  tree.num_nodes = nodes;
  tree.num_deleted = 0;
  for (std::int32_t i = 0; i < nodes; ++i) {
    const bool split = i < splits;
    tree.left_children.push_back(split ? 2 * i + 1 : -1);
    tree.right_children.push_back(split ? 2 * i + 2 : -1);
    tree.split_indices.push_back(static_cast<std::int32_t>(random() % features));
    tree.default_left.push_back(static_cast<std::int32_t>(random() % 2));
    tree.split_conditions.push_back(value(random));
  }
  return tree;
}

} // namespace

bool trees_have_vectors() { return leat::find_vector_walker() != nullptr; }

tree_figures measure_trees(int repeats) {
  const auto known = random_rows(rows_trained, 1);
  const test::xgboost_oracle library(
      known, labels_of(known),
      {{"objective", "binary:logistic"}, {"max_depth", "6"}, {"tree_method", "hist"}}, 100);
  const auto native = saved_and_loaded(library);
  const auto rows = random_rows(rows_scored, 2);
  return {compare(library, native, rows, 1, repeats),
          compare(library, native, rows, pane, repeats)};
}

walker_figures measure_walkers(std::uint32_t depth, std::size_t trees, int repeats) {
  std::mt19937 random(depth);
  forest plain(features, 1, nullptr);
  forest vectors(features, 1, leat::find_vector_walker());
  for (std::size_t t = 0; t < trees; ++t) {
    const auto tree = random_tree(random, depth);
    for (forest* grown : {&plain, &vectors})
      if (const auto added = grown->add(tree, 0); !added)
        throw failure(added.error());
  }

  // Enough rows to time them, and few enough for the largest forests.
  const std::size_t panes = std::clamp<std::size_t>(8000 / (trees * depth), 1, rows_scored / pane);
  const auto rows = random_rows(panes * pane, 2);
  std::vector<float> sums(pane);
  const auto walk = [&](const forest& walked, std::size_t size) {
    return [&, size] {
      return time_calls(panes * pane, size, [&](std::size_t c) {
        walked.add_leaves(call(rows, size, c).data(), size, sums.data());
      });
    };
  };
  const auto v = interleave(
      repeats, {walk(plain, 1), walk(vectors, 1), walk(plain, pane), walk(vectors, pane)});
  return {depth, trees, {0, median(v[0]), median(v[1])}, {0, median(v[2]), median(v[3])}};
}

} // namespace bench
