// The pipelines that are measured, built as a user would build them.
#pragma once

#include "by_hand.hpp"
#include "item.hpp"

#include <leat/job.hpp>

namespace bench {

/// Generates items 0 .. end-1.
struct item_source {
  using record_type = item;
  std::uint64_t end = 0;
  std::uint64_t next = 0;
  leat::pull_status pull(std::size_t demand, leat::emitter<item>& out);
};

/// Adds to a running sum per key.
struct running_sum {
  using output_type = item;
  leat::value_state<std::uint64_t> sum;
  void open(leat::setup& setup) { sum = setup.value<std::uint64_t>("sum"); }
  void process(const item& i, leat::emitter<item>& out, leat::context& ctx) {
    out(with_sum(i, ctx.edit(sum) += i.value));
  }
};

/// Adds up what it gets. `sum` belongs to the caller; one subtask writes it.
struct sum_sink {
  std::uint64_t* sum;
  void write(std::span<const item> records);
};

enum class shape {
  fused,      ///< source, map, filter and sum in one actor
  one_hop,    ///< source -> sink, map and filter fused behind the source
  early_hop,  ///< source -> map, filter and sum: every record hops
  four_actors ///< source -> map -> filter -> sink
};

/// How the engine is set for a measure.
struct engine {
  std::size_t workers = 1; ///< 0: one for each processor, the default of a job
  std::size_t frame_records = leat::frame_limits{}.records;
  double rate = 0;
  std::size_t batch_memory = leat::run_options{}.batch_memory;
};

/// Runs a graph to its end; what fails is thrown.
leat::job_metrics run_job(leat::graph g, const engine& e);

double records_per_second(std::uint64_t count, const leat::job_metrics& r);

/// Records/s of a pipeline over `count` records; checks the sum against `expected`.
double throughput(shape s, std::uint64_t count, std::uint64_t expected, const engine& e = {});

/// Records/s through keyed stages.
double keyed_throughput(keyed_shape shape, std::uint64_t count);
/// Nanoseconds of CPU a record, with the default scheduler; checks the sums against `expected`.
double keyed_cpu(keyed_shape shape, std::uint64_t count, const keyed_sums& expected);

/// Records/s through a windowing and a scoring stage with a trivial model.
double scoring_throughput(const leat::any_batching& batching, std::uint64_t count,
                          const engine& e = {});

latencies pipeline_latency(shape s, std::uint64_t count, double rate, const engine& e);

} // namespace bench
