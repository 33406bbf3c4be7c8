#include <leat/scoring/readers/vector_walker.hpp>

#include <leat/scoring/readers/forest_layout.hpp>

// Only functions that are marked with this target use AVX-512. None of them is seen by other
// sources, and the standard library's templates and lambdas do not inherit the target.
#ifdef __x86_64__
#include <immintrin.h>

#include <algorithm>
#include <limits>

#ifndef __clang__ // the headers of GCC 12 have values that are undefined on purpose
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace leat {
namespace {

constexpr std::size_t lanes = vector_walker::lanes;
constexpr int lanes_log2 = 4;
static_assert(lanes == 1 << lanes_log2 && lanes == tree_group::lanes);

/// Vectors that are walked together: enough to hide the waiting, few enough for the registers.
constexpr std::size_t most_vectors = 4;
static_assert(most_vectors == group_bundle::most_groups &&
              most_vectors * lanes == vector_walker::most_rows);

constexpr __mmask16 all_lanes = 0xffff;

[[gnu::target("avx512f")]] inline __mmask16 first_lanes(std::size_t count) {
  return static_cast<__mmask16>(count >= lanes ? all_lanes : (1 << count) - 1);
}

/// 0, step, 2 * step, ...
[[gnu::target("avx512f")]] inline __m512i multiples_of(std::size_t step) {
  return _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                            _mm512_set1_epi32(static_cast<int>(step)));
}

[[gnu::target("avx512f")]] inline __m512 gather(__mmask16 mask, const float* from, __m512i at) {
  return _mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, at, from, sizeof(float));
}

[[gnu::target("avx512f")]] inline __mmask16 at_least(__m512 values, __m512 thresholds) {
  return _mm512_cmp_ps_mask(values, thresholds, _CMP_GE_OQ);
}

[[gnu::target("avx512f")]] inline __m512i plus_one(__mmask16 where, __m512i at) {
  return _mm512_mask_add_epi32(at, where, at, _mm512_set1_epi32(1));
}

/// From places in a top to those of the next level.
[[gnu::target("avx512f")]] inline __m512i children_of(__m512i places, __mmask16 right) {
  return plus_one(right, _mm512_add_epi32(places, places));
}

/// Nodes, a lane for each.
struct node_vector {
  __m512 thresholds;
  __m512i columns;
  __m512i children;
};

[[gnu::target("avx512f")]] inline node_vector nodes_at(const tree_node* nodes, __m512i at) {
  const __m512i evens = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i odds = _mm512_or_epi32(evens, _mm512_set1_epi32(1));
  const __m512i low = _mm512_mask_i32gather_epi64(
      _mm512_setzero_si512(), 0xff, _mm512_castsi512_si256(at), nodes, sizeof(tree_node));
  const __m512i high = _mm512_mask_i32gather_epi64(
      _mm512_setzero_si512(), 0xff, _mm512_extracti64x4_epi64(at, 1), nodes, sizeof(tree_node));
  const __m512i rest = _mm512_permutex2var_epi32(low, odds, high);
  return {_mm512_castsi512_ps(_mm512_permutex2var_epi32(low, evens, high)),
          _mm512_and_epi32(rest, _mm512_set1_epi32(0xffff)), _mm512_srli_epi32(rest, 16)};
}

[[gnu::target("avx512f")]] inline __m512i next_nodes(__m512i at, const node_vector& n,
                                                     __m512 values) {
  return plus_one(at_least(values, n.thresholds), _mm512_add_epi32(at, n.children));
}

[[gnu::target("avx512f")]] inline __m512 leaves_at(const tree_node* nodes, __m512i at) {
  return _mm512_mask_i32gather_ps(_mm512_setzero_ps(), all_lanes, at, &nodes->threshold,
                                  sizeof(tree_node));
}

// One row, a lane for each tree.

/// A prepared row in registers.
struct row_vectors {
  __m512 values[4];
};
static_assert(vector_walker::most_columns_of_bundles == 4 * lanes);

[[gnu::target("avx512f")]] inline row_vectors load_row(const float* prepared, std::size_t columns) {
  row_vectors row;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t before = i * lanes;
    row.values[i] = _mm512_maskz_loadu_ps(first_lanes(columns < before ? 0 : columns - before),
                                          prepared + before);
  }
  return row;
}

[[gnu::target("avx512f")]] inline __m512 columns_of(const row_vectors& row, __m512i columns) {
  const __mmask16 upper = _mm512_test_epi32_mask(columns, _mm512_set1_epi32(2 * lanes));
  return _mm512_mask_blend_ps(upper, _mm512_permutex2var_ps(row.values[0], columns, row.values[1]),
                              _mm512_permutex2var_ps(row.values[2], columns, row.values[3]));
}

/// The values at the places that the first `Levels` ways lead to from the first of `places`.
template <std::uint32_t Levels>
[[gnu::target("avx512f")]] inline __m512i reached(const group_top::lane_values* places,
                                                  const __mmask16* ways) {
  if constexpr (Levels == 0) {
    return _mm512_load_si512(places);
  } else {
    const __m512i left = reached<Levels - 1>(places, ways + 1);
    const __m512i right = reached<Levels - 1>(places + (1 << (Levels - 1)), ways + 1);
    return _mm512_mask_blend_epi32(*ways, left, right);
  }
}

/// Whether each tree goes right at this level, after the `ways` at those above it.
template <std::uint32_t Level>
[[gnu::target("avx512f")]] inline __mmask16 way_at(const group_top& top, const row_vectors& row,
                                                   const __mmask16* ways) {
  constexpr std::size_t first = std::size_t{1} << Level;
  const __m512i columns = reached<Level>(&top.columns[first], ways);
  const __m512i thresholds = reached<Level>(&top.thresholds[first], ways);
  return at_least(columns_of(row, columns), _mm512_castsi512_ps(thresholds));
}

/// The nodes below the top; trees of fewer levels go left at the others.
[[gnu::target("avx512f")]] inline __m512i leave_top(const group_top& top, std::uint32_t depth,
                                                    const row_vectors& row) {
  static_assert(group_top::levels == 3);
  __mmask16 ways[3] = {};
  if (depth > 0)
    ways[0] = way_at<0>(top, row, ways);
  if (depth > 1)
    ways[1] = way_at<1>(top, row, ways);
  if (depth > 2)
    ways[2] = way_at<2>(top, row, ways);
  return reached<group_top::levels>(top.exits.data(), ways);
}

template <std::size_t Groups>
[[gnu::target("avx512f")]] void add_groups(const forest_layout& trees, const group_bundle& bundle,
                                           const float* prepared, float* sums) {
  const tree_node* const nodes = trees.nodes.data();
  const tree_group* const groups = trees.groups.data() + bundle.first;
  const group_top* const tops = trees.group_tops.data() + bundle.first;
  const row_vectors row = load_row(prepared, trees.columns());
  __m512i at[Groups];
#pragma GCC unroll 4
  for (std::size_t g = 0; g < Groups; ++g)
    at[g] = leave_top(tops[g], groups[g].depth, row);
  for (std::uint32_t level = group_top::levels; level < bundle.depth; ++level)
#pragma GCC unroll 4
    for (std::size_t g = 0; g < Groups; ++g) {
      const node_vector n = nodes_at(nodes, at[g]);
      at[g] = next_nodes(at[g], n, columns_of(row, n.columns));
    }
  alignas(64) float leaves[Groups][lanes];
#pragma GCC unroll 4
  for (std::size_t g = 0; g < Groups; ++g)
    _mm512_store_ps(leaves[g], leaves_at(nodes, at[g]));
  for (std::size_t g = 0; g < Groups; ++g) {
    float sum = sums[groups[g].output];
    for (std::uint32_t t = 0; t < groups[g].trees; ++t)
      sum += leaves[g][t];
    sums[groups[g].output] = sum;
  }
}

void add_bundle(const forest_layout& trees, const group_bundle& bundle, const float* prepared,
                float* sums) {
  switch (bundle.groups) {
  case 1:
    return add_groups<1>(trees, bundle, prepared, sums);
  case 2:
    return add_groups<2>(trees, bundle, prepared, sums);
  case 3:
    return add_groups<3>(trees, bundle, prepared, sums);
  default:
    return add_groups<4>(trees, bundle, prepared, sums);
  }
}

// Sixteen rows, a lane for each. They stand column by column: rows[column * lanes + lane].

[[gnu::target("avx512f")]] inline __m512 column_of(const float* rows, std::size_t column) {
  return _mm512_load_ps(rows + column * lanes);
}

[[gnu::target("avx512f")]] inline __m512 columns_of(const float* rows, __m512i columns) {
  return gather(all_lanes, rows,
                _mm512_add_epi32(_mm512_slli_epi32(columns, lanes_log2), multiples_of(1)));
}

[[gnu::target("avx512f")]] void prepare(const float* rows, __mmask16 mask, std::size_t features,
                                        float* prepared) {
  const __m512 infinity = _mm512_set1_ps(std::numeric_limits<float>::infinity());
  const __m512 minus_infinity = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
  const __m512i starts = multiples_of(features);
  for (std::size_t f = 0; f < features; ++f) {
    const __m512 values = gather(mask, rows + f, starts);
    const __mmask16 missing = _mm512_cmp_ps_mask(values, values, _CMP_UNORD_Q);
    _mm512_store_ps(prepared + f * lanes, _mm512_mask_mov_ps(values, missing, minus_infinity));
    _mm512_store_ps(prepared + (features + f) * lanes,
                    _mm512_mask_mov_ps(values, missing, infinity));
  }
  _mm512_store_ps(prepared + 2 * features * lanes,
                  _mm512_set1_ps(std::numeric_limits<float>::quiet_NaN()));
}

/// A tree's top in registers. Permutations ignore the upper bits of a place, so places of every
/// level are found without subtracting where it begins.
struct top_vectors {
  __m512 thresholds[4];
  __m512i columns[4];
  __m512 exits[4];
};
static_assert(tree_top::places == 4 * lanes);

[[gnu::target("avx512f")]] inline top_vectors load_top(const tree_top& top) {
  top_vectors loaded;
  for (std::size_t i = 0; i < 4; ++i) {
    loaded.thresholds[i] = _mm512_load_ps(top.thresholds.data() + i * lanes);
    loaded.columns[i] = _mm512_cvtepu16_epi32(
        _mm256_load_si256(reinterpret_cast<const __m256i*>(top.columns.data() + i * lanes)));
    loaded.exits[i] = _mm512_load_ps(top.exits.data() + i * lanes);
  }
  return loaded;
}

/// The places after up to three levels, all columns of which are read.
template <std::uint32_t Levels>
[[gnu::target("avx512f")]] inline __m512i first_places(const tree_top& top, __m512 thresholds,
                                                       const float* rows) {
  const auto& columns = top.columns;
  __m512i places = _mm512_set1_epi32(1);
  if constexpr (Levels == 0)
    return places;
  const __mmask16 first = at_least(column_of(rows, columns[1]), _mm512_set1_ps(top.thresholds[1]));
  places = children_of(places, first);
  if constexpr (Levels == 1)
    return places;
  const __mmask16 second = at_least(
      _mm512_mask_blend_ps(first, column_of(rows, columns[2]), column_of(rows, columns[3])),
      _mm512_permutexvar_ps(places, thresholds));
  places = children_of(places, second);
  if constexpr (Levels == 2)
    return places;
  const __m512 left =
      _mm512_mask_blend_ps(first, column_of(rows, columns[4]), column_of(rows, columns[6]));
  const __m512 right =
      _mm512_mask_blend_ps(first, column_of(rows, columns[5]), column_of(rows, columns[7]));
  return children_of(places, at_least(_mm512_mask_blend_ps(second, left, right),
                                      _mm512_permutexvar_ps(places, thresholds)));
}

/// From places at this level to those of the next.
template <std::uint32_t Level>
[[gnu::target("avx512f")]] inline __m512i next_places(const top_vectors& top, const float* rows,
                                                      __m512i places) {
  static_assert(Level >= 3 && Level < tree_top::most_levels);
  __m512 thresholds;
  __m512i columns;
  if constexpr (Level == 5) {
    thresholds = _mm512_permutex2var_ps(top.thresholds[2], places, top.thresholds[3]);
    columns = _mm512_permutex2var_epi32(top.columns[2], places, top.columns[3]);
  } else {
    thresholds = _mm512_permutexvar_ps(places, top.thresholds[Level - 3]);
    columns = _mm512_permutexvar_epi32(places, top.columns[Level - 3]);
  }
  return children_of(places, at_least(columns_of(rows, columns), thresholds));
}

/// The same for vectors of rows, which stand `stride` floats apart, where the top has this level.
template <std::uint32_t Level, std::uint32_t Levels, std::size_t Vectors>
[[gnu::target("avx512f"), gnu::always_inline]] inline void
pass_level(const top_vectors& top, const float* rows, std::size_t stride,
           __m512i (&places)[Vectors]) {
  if constexpr (Level < Levels)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v)
      places[v] = next_places<Level>(top, rows + v * stride, places[v]);
}

template <std::uint32_t Levels>
[[gnu::target("avx512f")]] inline __m512 exits_at(const top_vectors& top, __m512i places) {
  if constexpr (Levels <= 4)
    return _mm512_permutexvar_ps(places, top.exits[Levels == 4]);
  const __m512 right = _mm512_permutex2var_ps(top.exits[2], places, top.exits[3]);
  if constexpr (Levels == 5)
    return right;
  const __m512 left = _mm512_permutex2var_ps(top.exits[0], places, top.exits[1]);
  return _mm512_mask_blend_ps(_mm512_test_epi32_mask(places, _mm512_set1_epi32(2 * lanes)), left,
                              right);
}

/// From the exits of a top to leaves.
template <std::size_t Vectors>
[[gnu::target("avx512f")]] void walk_below(const tree_node* nodes, std::uint32_t levels,
                                           const float* rows, std::size_t stride,
                                           __m512 (&exits)[Vectors]) {
  __m512i at[Vectors];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v)
    at[v] = _mm512_castps_si512(exits[v]);
  for (std::uint32_t level = 0; level < levels; ++level)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v) {
      const node_vector n = nodes_at(nodes, at[v]);
      at[v] = next_nodes(at[v], n, columns_of(rows + v * stride, n.columns));
    }
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v)
    exits[v] = leaves_at(nodes, at[v]);
}

/// Adds the leaves of a tree whose top has so many levels to the sums of vectors of rows, which
/// stand `stride` floats apart.
template <std::uint32_t Levels, std::size_t Vectors>
[[gnu::target("avx512f")]] void add_tree_of(const forest_layout& trees, const tree_top& top,
                                            const float* rows, std::size_t stride,
                                            __m512 (&sums)[Vectors]) {
  const top_vectors loaded = load_top(top);
  __m512i places[Vectors];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v)
    places[v] = first_places<std::min(Levels, 3u)>(top, loaded.thresholds[0], rows + v * stride);
  pass_level<3, Levels>(loaded, rows, stride, places);
  pass_level<4, Levels>(loaded, rows, stride, places);
  pass_level<5, Levels>(loaded, rows, stride, places);
  __m512 leaves[Vectors];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v)
    leaves[v] = exits_at<Levels>(loaded, places[v]);
  if constexpr (Levels == tree_top::most_levels)
    if (top.levels_below > 0)
      walk_below(trees.nodes.data(), top.levels_below, rows, stride, leaves);
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v)
    sums[v] = _mm512_add_ps(sums[v], leaves[v]);
}

template <std::size_t Vectors>
[[gnu::target("avx512f")]] inline void add_tree(const forest_layout& trees, const tree_top& top,
                                                const float* rows, std::size_t stride,
                                                __m512 (&sums)[Vectors]) {
  switch (top.levels) {
  case 0:
    return add_tree_of<0>(trees, top, rows, stride, sums);
  case 1:
    return add_tree_of<1>(trees, top, rows, stride, sums);
  case 2:
    return add_tree_of<2>(trees, top, rows, stride, sums);
  case 3:
    return add_tree_of<3>(trees, top, rows, stride, sums);
  case 4:
    return add_tree_of<4>(trees, top, rows, stride, sums);
  case 5:
    return add_tree_of<5>(trees, top, rows, stride, sums);
  default:
    return add_tree_of<6>(trees, top, rows, stride, sums);
  }
}

/// Adds the leaves of all trees to the sums of `count` rows, which fill so many vectors.
template <std::size_t Vectors>
[[gnu::target("avx512f")]] void add_block(const forest_layout& trees, const float* rows,
                                          std::size_t count, float* prepared, float* sums) {
  const std::size_t stride = trees.columns() * lanes;
  __mmask16 masks[Vectors];
  for (std::size_t v = 0; v < Vectors; ++v) {
    masks[v] = first_lanes(count - v * lanes);
    prepare(rows + v * lanes * trees.features, masks[v], trees.features, prepared + v * stride);
  }
  const __m512i starts = multiples_of(trees.outputs);
  const tree_top* top = trees.tree_tops.data();
  const tree_top* const end = top + trees.tree_tops.size();
  while (top != end) {
    const std::size_t output = top->output;
    __m512 totals[Vectors];
    for (std::size_t v = 0; v < Vectors; ++v)
      totals[v] = gather(masks[v], sums + v * lanes * trees.outputs + output, starts);
    for (; top != end && top->output == output; ++top)
      add_tree(trees, *top, prepared, stride, totals);
    for (std::size_t v = 0; v < Vectors; ++v)
      _mm512_mask_i32scatter_ps(sums + v * lanes * trees.outputs + output, masks[v], starts,
                                totals[v], sizeof(float));
  }
}

void add_rows(const forest_layout& trees, const float* rows, std::size_t count, float* sums) {
  alignas(64) float prepared[vector_walker::most_columns_of_rows * lanes];
  const std::size_t fitting = vector_walker::most_columns_of_rows / trees.columns();
  while (count > 0) {
    const std::size_t vectors = std::min({(count + lanes - 1) / lanes, fitting, most_vectors});
    const std::size_t size = std::min(count, vectors * lanes);
    switch (vectors) {
    case 1:
      add_block<1>(trees, rows, size, prepared, sums);
      break;
    case 2:
      add_block<2>(trees, rows, size, prepared, sums);
      break;
    case 3:
      add_block<3>(trees, rows, size, prepared, sums);
      break;
    default:
      add_block<4>(trees, rows, size, prepared, sums);
    }
    count -= size;
    rows += size * trees.features;
    sums += size * trees.outputs;
  }
}

constexpr vector_walker avx512{add_bundle, add_rows};

} // namespace

const vector_walker* find_vector_walker() {
  return __builtin_cpu_supports("avx512f") ? &avx512 : nullptr;
}

} // namespace leat

#else

const leat::vector_walker* leat::find_vector_walker() { return nullptr; }

#endif
