// What the benchmarks measure and how it is told: ratios against a limit or a peer, both measured
// in one run, interleaved.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace bench {

/// One bar: a figure beside its target.
struct bar {
  std::string number; ///< as in the list of bars
  std::string name;
  double figure = 0;            ///< median over the repeats
  std::optional<double> target; ///< none: the figure is for comparison
  bool at_least = true;         ///< else at most
  double low = 0;               ///< spread over the repeats
  double high = 0;
  std::string unit; ///< "ratio", "MiB", ...

  /// True without a target.
  bool met() const { return !target || (at_least ? figure >= *target : figure <= *target); }
};

struct settings {
  bool quick = false;
  int repeats() const { return quick ? 3 : 7; }
};

/// Runs all measures once in turn, `repeats` times over: `values[i][r]` is what measure i gave in
/// round r. Interleaved, so that a change of the machine's speed hits all alike.
std::vector<std::vector<double>> interleave(int repeats,
                                            const std::vector<std::function<double()>>& measures);

/// User and system time so far of this process with all its threads, or with RUSAGE_THREAD of the
/// calling thread alone.
double cpu_seconds(int who = RUSAGE_SELF);
/// The same of processes that have ended.
double cpu_seconds(const rusage& used);

double median(std::vector<double> values);

/// A bar from the ratio of two series, round by round.
bar ratio_bar(std::string number, std::string name, std::optional<double> target, bool at_least,
              const std::vector<double>& ours, const std::vector<double>& limit);

void print_table(const std::vector<bar>& bars);
void print_extra(const std::string& line);
bool write_json(const std::string& path, const std::vector<bar>& bars);

} // namespace bench
