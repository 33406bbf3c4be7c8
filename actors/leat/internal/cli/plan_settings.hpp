// Options that say how a graph is laid out: those that `run` and `describe` share.
#pragma once

#include <leat/detail/plan/plan.hpp>
#include <leat/options.hpp>

namespace leat {

/// As they are given on the command line.
struct plan_settings {
  std::uint64_t parallelism = 1;
  std::vector<std::string> windows;
  std::uint64_t local_cluster = 0;
  std::vector<std::string> pins;
  std::vector<std::string> shared;
  std::string config;
  option_places places; ///< of what a configuration file gave

  /// Under this heading.
  void declare_layout(option_set& options, const std::string& heading);
  void declare_config(option_set& options);

  /// The parallelism, within its bounds. Errors name the option.
  result<std::size_t> subtasks() const;
  /// By windowing stage. Errors name the option.
  result<std::map<std::string, any_batching>> batchings() const;
  /// How many worker processes on this host. Errors name the option.
  result<std::size_t> local_workers() const;
  /// The node or label of each stage that is pinned. Errors name the option.
  result<std::map<std::string, std::string>> pinned() const;
  /// Stages whose paths all nodes have.
  std::set<std::string> shared_stages() const { return {shared.begin(), shared.end()}; }
  /// Whether the stages that the configuration file speaks of are there.
  result<void> check_stages(const plan& p) const;

  /// What --help says behind the options.
  static std::string specs();
};

/// An error that names the option, unless the value lies within these bounds.
result<void> check_range(std::string_view option, std::uint64_t value, std::uint64_t least,
                         std::uint64_t most);

/// A size in bytes: "512MB". Errors name the option.
result<std::uint64_t> size_of(std::string_view option, const std::string& given);

/// A duration of at least so much: "10s". Errors name the option.
result<std::chrono::nanoseconds> duration_of(std::string_view option, const std::string& given,
                                             std::chrono::nanoseconds least);

/// A value for a stage: "alerts=100us" as {"alerts", "100us"}. Errors name the option, and give the
/// form and the example.
using assignment = std::pair<std::string, std::string>;
result<assignment> split_assignment(std::string_view option, const std::string& given,
                                    std::string_view form, std::string_view example);

/// An error: an option was given more than once for one stage.
error given_twice(std::string_view option, std::string_view stage);

} // namespace leat
