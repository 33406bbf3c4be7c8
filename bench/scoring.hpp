// Scoring with the XGBoost library through a graph: source -> window -> score -> sum.
#pragma once

#include "pipelines.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace bench {

/// One model and the rows it scores: 50 trees of depth 6 on 16 features, trained here.
class scoring_contest {
public:
  scoring_contest();
  ~scoring_contest();

  /// Rows/s of the library alone, called with ready-made panes of this size by one thread.
  double library(std::size_t pane, std::uint64_t count) const;

  /// Rows/s of a graph with `parallelism` subtasks for windowing and for scoring. Checks how many
  /// records reach the sink.
  double graph(const leat::any_batching& batching, std::uint64_t count, std::size_t parallelism = 1,
               const engine& e = {}) const;

  /// Age of records when the sink has them, from the time they were due.
  latencies latency(const leat::any_batching& batching, std::uint64_t count, double rate,
                    engine e) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace bench
