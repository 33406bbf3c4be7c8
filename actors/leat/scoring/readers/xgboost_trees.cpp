#include <leat/scoring/readers/xgboost_trees.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace leat {
namespace {

/// The arrays of a tree must all have an entry for each of its nodes.
result<void> check_lengths(const xgboost_tree& tree) {
  if (!tree.num_nodes || !tree.num_deleted)
    return user_error("its tree_param is missing or incomplete");
  if (*tree.num_nodes < 1 || *tree.num_deleted < 0)
    return user_error(fmt::format("{} nodes, {} of them deleted, are not possible", *tree.num_nodes,
                                  *tree.num_deleted));

  if (tree.size_leaf_vector.value_or(0) > 1)
    return user_error("its leaves are vectors (multi-target trees), which are not supported");

  const auto nodes = static_cast<std::size_t>(*tree.num_nodes);
  const std::pair<const char*, std::size_t> arrays[] = {
      {"left_children", tree.left_children.size()},
      {"right_children", tree.right_children.size()},
      {"split_indices", tree.split_indices.size()},
      {"split_conditions", tree.split_conditions.size()},
      {"default_left", tree.default_left.size()},
      {"split_type", tree.split_type.size()}};
  for (const auto& [name, length] : arrays) {
    const bool not_written = name == std::string_view("split_type") && length == 0; // before 1.3
    if (length != nodes && !not_written)
      return user_error(fmt::format("{} has {} entries for {} nodes", name, length, nodes));
  }
  return {};
}

/// Whether node `at`, which has a left child, is a split as it should be.
result<void> check_split(const xgboost_tree& tree, std::size_t at, std::size_t features) {
  const auto left = tree.left_children[at];
  const auto right = tree.right_children[at];
  if (left < 1 || left >= *tree.num_nodes || right < 1 || right >= *tree.num_nodes)
    return user_error(fmt::format("node {} has the children {} and {}, of {} nodes", at, left,
                                  right, *tree.num_nodes));
  if (right != left + 1) // XGBoost itself takes the right child for the left one's neighbour
    return user_error(fmt::format("node {} has the children {} and {}, which are not neighbours",
                                  at, left, right));
  if (!tree.split_type.empty() && tree.split_type[at] != 0 && tree.split_type[at] != 1)
    return user_error(fmt::format("node {} has the split_type {}, which is neither 0 nor 1", at,
                                  tree.split_type[at]));
  const auto feature = tree.split_indices[at];
  if (feature < 0 || static_cast<std::size_t>(feature) >= features)
    return user_error(
        fmt::format("node {} splits feature {}, the model has {}", at, feature, features));
  if (tree.default_left[at] != 0 && tree.default_left[at] != 1)
    return user_error(fmt::format("node {} has the default_left {}, which is neither 0 nor 1", at,
                                  tree.default_left[at]));
  return {};
}

} // namespace

result<std::vector<visited_node>> breadth_first(const xgboost_tree& tree, std::size_t features) {
  if (auto checked = check_lengths(tree); !checked)
    return checked.error();
  std::vector<visited_node> order{{0, 0}};
  std::vector<bool> reached(tree.left_children.size());
  reached[0] = true;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto [at, depth] = order[i];
    if (tree.left_children[at] == no_child)
      continue;
    if (auto checked = check_split(tree, at, features); !checked)
      return checked.error();
    const auto left = static_cast<std::size_t>(tree.left_children[at]);
    if (reached[left] || reached[left + 1])
      return user_error(
          fmt::format("node {} has a child, {} or {}, that is not its own", at, left, left + 1));
    reached[left] = reached[left + 1] = true;
    order.push_back({left, depth + 1});
    order.push_back({left + 1, depth + 1});
  }
  const auto strays = reached.size() - order.size();
  if (strays != static_cast<std::size_t>(*tree.num_deleted))
    return user_error(fmt::format("{} nodes cannot be reached, {} are marked as deleted", strays,
                                  *tree.num_deleted));
  return order;
}

result<std::vector<const xgboost_tree*>> trees_in_order(const xgboost_file& file,
                                                        std::size_t outputs) {
  const auto count = file.trees.size();
  if (file.num_trees.value_or(-1) != static_cast<std::int64_t>(count))
    return user_error(fmt::format("it has {} trees, but its num_trees differs", count));
  if (file.tree_info.size() != count)
    return user_error(
        fmt::format("its tree_info has {} entries for {} trees", file.tree_info.size(), count));
  if (const auto& starts = file.iteration_indptr;
      !starts.empty() && (starts.front() != 0 || !std::is_sorted(starts.begin(), starts.end()) ||
                          starts.back() != static_cast<std::int32_t>(count)))
    return user_error(
        fmt::format("its iteration_indptr does not ascend from 0 to {} trees", count));
  if (file.booster == "dart" && file.weight_drop.size() != count)
    return user_error(
        fmt::format("its weight_drop has {} entries for {} trees", file.weight_drop.size(), count));
  for (std::size_t t = 0; t < count; ++t)
    if (file.tree_info[t] < 0 || static_cast<std::size_t>(file.tree_info[t]) >= outputs)
      return user_error(
          fmt::format("tree {} adds to output {} of {}", t, file.tree_info[t], outputs));
  std::vector<const xgboost_tree*> trees(count);
  for (const auto& tree : file.trees) {
    const auto id = tree.id.value_or(-1);
    if (id < 0 || static_cast<std::size_t>(id) >= count || trees[static_cast<std::size_t>(id)])
      return user_error(fmt::format("the id {} of a tree is missing, doubled or out of range", id));
    trees[static_cast<std::size_t>(id)] = &tree;
  }
  return trees;
}

} // namespace leat
