#include <leat/scoring/readers/forest.hpp>
#include <leat/scoring/readers/vector_walker.hpp>

#include "support/scoring.hpp"

#include <rapidcheck.h>
#include <rapidcheck/catch.h>

#include <limits>
#include <random>

using namespace leat::test;
using leat::forest, leat::vector_walker, leat::xgboost_tree;

namespace {

using limits = std::numeric_limits<float>;

/// Few different finite numbers, so that features equal thresholds, and extremes.
float finite_number(std::mt19937& random) {
  static constexpr float special[] = {0.0f,
                                      -0.0f,
                                      limits::denorm_min(),
                                      -limits::denorm_min(),
                                      limits::min(),
                                      1.0f,
                                      1.0f + limits::epsilon(),
                                      -1.0f,
                                      limits::max(),
                                      limits::lowest()};
  std::normal_distribution<float> value;
  return random() % 2 == 0 ? special[random() % std::size(special)] : value(random);
}

float feature(std::mt19937& random) {
  static constexpr float others[] = {limits::quiet_NaN(), -limits::quiet_NaN(), limits::infinity(),
                                     -limits::infinity()};
  return random() % 3 == 0 ? others[random() % std::size(others)] : finite_number(random);
}

/// Leaves are mostly of one size, so that the order of additions shows.
float leaf(std::mt19937& random) {
  std::uniform_real_distribution<float> value(-1, 1);
  return random() % 8 == 0 ? finite_number(random) : value(random);
}

/// A tree of up to this depth and about 400 nodes: of all its nodes, or of right children alone, so
/// many of a hundred are splits.
xgboost_tree random_tree(std::mt19937& random, std::size_t features, std::uint32_t depth,
                         unsigned splits_of_100, bool chain = false) {
  xgboost_tree tree;
  std::vector<std::uint32_t> depths;
  const auto add_node = [&](std::uint32_t at) {
    depths.push_back(at);
    tree.left_children.push_back(-1);
    tree.right_children.push_back(-1);
    tree.split_indices.push_back(0);
    tree.default_left.push_back(0);
    tree.split_conditions.push_back(leaf(random));
  };
  add_node(0);
  for (std::size_t i = 0; i < depths.size(); ++i) {
    if (depths[i] == depth || depths.size() > 400 || random() % 100 >= splits_of_100 ||
        (chain && i % 2 == 1))
      continue;
    tree.left_children[i] = static_cast<std::int32_t>(depths.size());
    tree.right_children[i] = tree.left_children[i] + 1;
    tree.split_indices[i] = static_cast<std::int32_t>(random() % features);
    tree.default_left[i] = static_cast<std::int32_t>(random() % 2);
    tree.split_conditions[i] = finite_number(random);
    add_node(depths[i] + 1);
    add_node(depths[i] + 1);
  }
  tree.num_nodes = static_cast<std::int32_t>(depths.size());
  tree.num_deleted = 0;
  return tree;
}

/// The same trees for several walkers.
struct forests {
  forest plain;
  forest vectors;

  void add(const xgboost_tree& tree, std::size_t output, float weight) {
    for (forest* grown : {&plain, &vectors})
      if (const auto added = grown->add(tree, output, weight); !added)
        throw leat::failure(added.error());
  }
};

/// A walker of no instructions, which counts what it is asked for.
struct asked_for {
  inline static std::size_t trees = 0;
  inline static std::size_t rows = 0;

  static void add_bundle(const leat::forest_layout&, const leat::group_bundle& bundle, const float*,
                         float*) {
    trees += bundle.trees;
  }
  static void add_rows(const leat::forest_layout&, const float*, std::size_t count, float*) {
    rows += count;
  }
  static constexpr vector_walker walker{add_bundle, add_rows};
};

/// Trees of one row, and rows of one call, that go through vectors.
std::pair<std::size_t, std::size_t> in_vectors(std::size_t features, std::size_t trees,
                                               std::uint32_t depth, std::size_t rows) {
  forest grown(features, 1, &asked_for::walker);
  std::mt19937 random(1);
  for (std::size_t t = 0; t < trees; ++t)
    if (!grown.add(random_tree(random, features, depth, 100), 0))
      throw std::logic_error("a tree is refused");
  asked_for::trees = asked_for::rows = 0;
  std::vector<float> values(rows * features), sums(rows);
  grown.add_leaves(values.data(), rows, sums.data());
  return {asked_for::trees, asked_for::rows};
}

} // namespace

TEST_CASE("vectors give the bits of the plain walker, however rows are cut") {
  const vector_walker* const walker = leat::find_vector_walker();
  if (!walker) {
    WARN("SKIPPED: this processor has no AVX-512");
    return;
  }
  rc::prop("walkers", [&](unsigned seed) {
    std::mt19937 random(seed);
    static constexpr std::size_t wide[] = {127, 128, 511, 512};
    const std::size_t features =
        random() % 10 == 0 ? wide[random() % std::size(wide)] : 1 + random() % 40;
    const std::size_t outputs = random() % 2 == 0 ? 1 : 1 + random() % 4;
    forests grown{{features, outputs, nullptr}, {features, outputs, walker}};
    const unsigned splits = random() % 4 == 0 ? 100 : 60 + static_cast<unsigned>(random() % 40);
    const bool chains = random() % 4 == 0;
    const bool weighted = random() % 4 == 0;
    for (std::size_t output = 0; output < outputs; ++output)
      for (std::size_t trees = random() % 41; trees > 0; --trees) {
        const bool chain = chains && random() % 2 == 0;
        const auto depth = static_cast<std::uint32_t>(random() % (chain ? 40 : 13));
        grown.add(random_tree(random, features, depth, splits, chain), output,
                  weighted ? leaf(random) : 1);
      }

    const std::size_t count = 1 + random() % (random() % 4 == 0 ? 200 : 70);
    std::vector<float> rows(count * features), bases(count * outputs);
    for (float& x : rows)
      x = feature(random);
    for (float& x : bases)
      x = finite_number(random);

    auto truth = bases, whole = bases, pieces = bases;
    grown.plain.add_leaves(rows.data(), count, truth.data());
    grown.vectors.add_leaves(rows.data(), count, whole.data());
    RC_ASSERT(difference(truth, whole) == "");
    for (std::size_t first = 0, size = 0; first < count; first += size) {
      size = std::min<std::size_t>(1 + random() % 70, count - first);
      grown.vectors.add_leaves(&rows[first * features], size, &pieces[first * outputs]);
    }
    RC_ASSERT(difference(truth, pieces) == "");
  });
}

TEST_CASE("vectors take what fills them") {
  using counts = std::pair<std::size_t, std::size_t>;
  CHECK(in_vectors(28, 1, 6, 1) == counts{0, 0});
  CHECK(in_vectors(28, 80, 6, 1) == counts{64, 0});
  CHECK(in_vectors(28, 100, 6, 1) == counts{100, 0});
  CHECK(in_vectors(28, 100, 1, 1) == counts{0, 0});
  CHECK(in_vectors(28, 1, 6, 7) == counts{0, 0});
  CHECK(in_vectors(28, 1, 6, 8) == counts{0, 8});
  CHECK(in_vectors(28, 1, 7, 23) == counts{0, 0});
  CHECK(in_vectors(28, 100, 6, 65) == counts{100, 64});
  CHECK(in_vectors(28, 100, 6, 79) == counts{0, 79});
  CHECK(in_vectors(32, 100, 6, 65) == counts{0, 64}); // too wide for the registers
  CHECK(in_vectors(512, 100, 6, 64) == counts{0, 0}); // too wide for the stack
}
