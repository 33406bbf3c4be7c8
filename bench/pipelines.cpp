#include "pipelines.hpp"

#include "figures.hpp"

#include <fmt/format.h>

namespace bench {

leat::pull_status item_source::pull(std::size_t demand, leat::emitter<item>& out) {
  const std::uint64_t count = std::min<std::uint64_t>(demand, end - next);
  out.fill(count, [n = next]() mutable { return generate(n++); });
  next += count;
  return next < end ? leat::pull_status::more() : leat::pull_status::done();
}

void sum_sink::write(std::span<const item> records) {
  std::uint64_t s = 0;
  for (const item& i : records)
    s += weight(i);
  *sum += s;
}

leat::job_metrics run_job(leat::graph g, const engine& e) {
  leat::run_options o;
  o.workers = e.workers;
  o.frames.records = e.frame_records;
  o.rate = e.rate;
  o.batch_memory = e.batch_memory;
  auto metrics = leat::run(std::move(g), o);
  if (!metrics)
    throw leat::failure(metrics.error());
  return *metrics;
}

double records_per_second(std::uint64_t count, const leat::job_metrics& r) {
  return static_cast<double>(count) / (static_cast<double>(r.elapsed.count()) * 1e-9);
}

namespace {

leat::graph build(shape s, std::uint64_t count, std::uint64_t& sum) {
  leat::graph g("throughput");
  auto source = g.from("source", item_source{count});
  // Lambdas, not function pointers: the compiler must see through a step to fuse it.
  const auto map = [](const item& i) { return mapped(i); };
  const auto keep = [](const item& i) { return kept(i); };
  // A sum inside a step: what a sink would do, done by the chain, which lets nothing through.
  const auto add = [&sum](const item& i) {
    sum += weight(i);
    return false;
  };
  switch (s) {
  case shape::fused:
    std::move(source)
        .map("map", map)
        .filter("keep", keep)
        .filter("sum", add)
        .to("sink", sum_sink{&sum});
    break;
  case shape::one_hop:
    std::move(source).map("map", map).filter("keep", keep).to("sink", sum_sink{&sum});
    break;
  case shape::early_hop:
    std::move(source)
        .rebalance("steps", 1)
        .map("map", map)
        .filter("keep", keep)
        .filter("sum", add)
        .to("sink", sum_sink{&sum});
    break;
  case shape::four_actors:
    std::move(source)
        .rebalance("mapper", 1)
        .map("map", map)
        .rebalance("filterer", 1)
        .filter("keep", keep)
        .to("sink", sum_sink{&sum});
    break;
  }
  return g;
}

struct keyed_sink {
  keyed_sums* sums;
  void write(std::span<const item> records) { sums->add(records); }
};

leat::graph build(keyed_shape shape, std::uint64_t count, keyed_sums& sums) {
  const auto first_key = [](const item& i) { return i.key & first_keys; };
  const auto second_key = [](const item& i) { return i.key & second_keys; };
  leat::graph g("keyed");
  auto keyed = g.from("source", item_source{count}).key_by(first_key);
  if (shape == keyed_shape::one_stage) {
    std::move(keyed).process("first", running_sum{}).to("sink", keyed_sink{&sums});
    return g;
  }
  const bool by_stamp = shape == keyed_shape::two_by_stamp;
  const leat::stage_options by{2, by_stamp ? leat::order::by_stamp : leat::order::by_arrival};
  std::move(keyed)
      .process("first", running_sum{}, by)
      .key_by(second_key)
      .process("second", running_sum{}, by)
      .to("sink", keyed_sink{&sums});
  return g;
}

// Where records of several subtasks arrive in any order, the running sums depend on it.
bool equal(keyed_shape shape, const keyed_sums& a, const keyed_sums& b) {
  return a.others == b.others && (a.values == b.values || shape == keyed_shape::two_by_arrival);
}

struct trivial_model {
  using score_type = float;
  void predict(std::span<const item> rows, std::span<float> scores) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      scores[i] = static_cast<float>(rows[i].value & 1023);
  }
};

struct score_sink {
  float* sum;
  void write(std::span<const leat::scored<item>> records) {
    for (const auto& r : records)
      *sum += r.score;
  }
};

} // namespace

double throughput(shape s, std::uint64_t count, std::uint64_t expected, const engine& e) {
  std::uint64_t sum = 0;
  const auto metrics = run_job(build(s, count, sum), e);
  if (sum != expected)
    throw leat::failure(leat::internal_error(fmt::format("sum {} instead of {}", sum, expected)));
  return records_per_second(count, metrics);
}

double keyed_throughput(keyed_shape shape, std::uint64_t count) {
  keyed_sums sums;
  return records_per_second(count, run_job(build(shape, count, sums), {}));
}

double keyed_cpu(keyed_shape shape, std::uint64_t count, const keyed_sums& expected) {
  keyed_sums sums;
  const double start = cpu_seconds();
  run_job(build(shape, count, sums), {.workers = 0});
  const double seconds = cpu_seconds() - start;
  if (!equal(shape, sums, expected))
    throw leat::failure(
        leat::internal_error(fmt::format("sums {}, {} instead of {}, {}", sums.values, sums.others,
                                         expected.values, expected.others)));
  return seconds * 1e9 / static_cast<double>(count);
}

double scoring_throughput(const leat::any_batching& batching, std::uint64_t count,
                          const engine& e) {
  float sum = 0;
  leat::graph g("scoring");
  g.from("source", item_source{count})
      .window("pane", batching)
      .score("model", trivial_model{})
      .to("sink", score_sink{&sum});
  return records_per_second(count, run_job(std::move(g), e));
}

latencies pipeline_latency(shape s, std::uint64_t count, double rate, const engine& e) {
  std::uint64_t sum = 0;
  engine with = e;
  with.rate = rate;
  const auto metrics = run_job(build(s, count, sum), with);
  return {static_cast<double>(metrics.latency_p50) * 1e-3,
          static_cast<double>(metrics.latency_p99) * 1e-3};
}

} // namespace bench
