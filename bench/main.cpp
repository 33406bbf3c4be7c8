// bench: measures the bars beside their limits, in one run. See docs/reference/benchmarks.md.
#include "checkpoints.hpp"
#include "figures.hpp"
#include "fraud.hpp"
#include "memory.hpp"
#include "nexmark/command.hpp"
#include "nexmark/queries.hpp"
#include "nexmark_process.hpp"
#include "nodes.hpp"
#include "pipelines.hpp"
#include "remote.hpp"
#include "scoring.hpp"
#include "trees.hpp"
#include "windows.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <string>
#include <thread>

namespace {

using namespace bench;

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      return line.substr(line.find(':') + 2);
  return "unknown processor";
}

void say(const std::string& what, const std::vector<double>& per_second) {
  print_extra(fmt::format("{:<58} {:>8.1f} M records/s", what, median(per_second) * 1e-6));
}

/// Bars 1 and 2, and the price of stamps and order.
void throughput_bars(const settings& with, std::vector<bar>& bars) {
  const std::uint64_t n = with.quick ? 5'000'000 : 20'000'000;
  std::uint64_t expected = 0;
  virtual_loop(n, expected);
  const auto pipeline = [&](shape s) { return [=] { return throughput(s, n, expected); }; };
  const auto keyed = [&](keyed_shape s) { return [=] { return keyed_throughput(s, n / 4); }; };
  const auto v = interleave(
      with.repeats(),
      {[&] {
         std::uint64_t sum = 0;
         return static_cast<double>(n) / virtual_loop(n, sum);
       },
       pipeline(shape::fused), pipeline(shape::one_hop), pipeline(shape::early_hop),
       pipeline(shape::four_actors), [&] { return scoring_throughput(leat::micro_batch{256}, n); },
       [&] { return scoring_throughput(leat::record_at_a_time{}, n); },
       keyed(keyed_shape::two_by_arrival), keyed(keyed_shape::two_by_stamp),
       [&] { return scoring_throughput(leat::batch{}, n / 4); },
       [&] {
         constexpr std::size_t little = 1 << 20;
         return scoring_throughput(leat::batch{}, n / 4, {.batch_memory = little});
       }});
  say("by hand, one virtual call per record (the limit)", v[0]);
  say("all fused in one actor", v[1]);
  say("source+map+filter -> sink", v[2]);
  say("source -> map+filter+sum", v[3]);
  say("source -> map -> filter -> sink", v[4]);
  say("scoring with a trivial model, micro-batches of 256", v[5]);
  say("scoring with a trivial model, record at a time", v[6]);
  say("scoring with a trivial model, one batch in memory", v[9]);
  say("scoring with a trivial model, one batch in a file", v[10]);
  say("two keyed stages of 2 subtasks, by arrival", v[7]);
  say("two keyed stages of 2 subtasks, by stamp", v[8]);
  bars.push_back(ratio_bar("1", "one hop, of the virtual loop", 0.70, true, v[2], v[0]));
  bars.push_back(
      ratio_bar("1", "all fused in one actor, of the virtual loop", 0.90, true, v[1], v[0]));
  bars.push_back(ratio_bar("2", "4 actors, of the virtual loop", 0.50, true, v[4], v[0]));
  bars.push_back(
      ratio_bar("2", "record-at-a-time scoring, of micro-batches of 256", 0.90, true, v[6], v[5]));
}

/// Bar 3, and what windows that slide cost beside those that do not.
void window_bars(const settings& with, std::vector<bar>& bars) {
  const std::uint64_t n = with.quick ? 5'000'000 : 20'000'000;
  const auto v =
      interleave(with.repeats(), {[&] { return window_by_hand(n); }, [&] { return window_cpu(n); },
                                  [&] { return hour_window_cpu(false, n); },
                                  [&] { return hour_window_cpu(true, n); }});
  print_extra(fmt::format("sums by key and second, ns of CPU a record: {:.1f}, by hand {:.1f}",
                          median(v[1]), median(v[0])));
  constexpr double records_a_pane = 100;
  print_extra(fmt::format("windows of an hour, ns of CPU a record: {:.1f}, sliding by a second "
                          "{:.1f}, which is {:.0f} more a window that fires",
                          median(v[2]), median(v[3]),
                          (median(v[3]) - median(v[2])) * records_a_pane));
  bars.push_back(
      ratio_bar("3", "keyed tumbling window: CPU by hand, of ours", 0.60, true, v[0], v[1]));
  bars.push_back(
      ratio_bar("3", "CPU a record: 1 h sliding by 1 s, of tumbling", 2, false, v[3], v[2]));
}

/// Bars 4 and 5.
void latency_bars(const settings& with, std::vector<bar>& bars) {
  const double rate = 100'000;
  const auto n = static_cast<std::uint64_t>(rate * (with.quick ? 1 : 2));
  std::vector<double> hand50, hand99, spin50, spin99, ours50, ours99, ones50;
  const auto note = [](const latencies& l, std::vector<double>& p50, std::vector<double>* p99) {
    p50.push_back(l.p50_us);
    if (p99)
      p99->push_back(l.p99_us);
  };
  for (int r = 0; r < with.repeats(); ++r) {
    note(two_threads(n, rate, waiting::asleep), hand50, &hand99);
    note(two_threads(n, rate, waiting::spinning), spin50, &spin99);
    note(pipeline_latency(shape::one_hop, n, rate, {.workers = 2}), ours50, &ours99);
    note(pipeline_latency(shape::one_hop, n, rate, {.workers = 2, .frame_records = 1}), ones50,
         nullptr);
  }
  const auto tell = [](const char* who, const std::vector<double>& p50,
                       const std::vector<double>& p99) {
    print_extra(fmt::format("latency at 100 k/s, {:<34} p50 {:>6.1f} us  p99 {:>6.1f} us", who,
                            median(p50), median(p99)));
  };
  tell("by hand, a source that sleeps", hand50, hand99);
  tell("by hand, a source that spins", spin50, spin99);
  tell("ours", ours50, ours99);
  bars.push_back(ratio_bar("4", "p50 at 100 k/s, of two threads, of which the source spins", 1.2,
                           false, ours50, spin50));
  bars.push_back(ratio_bar("4", "p99 at 100 k/s, likewise", 0.5, false, ours99, spin99));
  bars.push_back(ratio_bar("4", "p50 at 100 k/s, of two threads, of which the source sleeps", 1.2,
                           false, ours50, hand50));
  bars.push_back(ratio_bar("4", "p99 at 100 k/s, likewise", 0.5, false, ours99, hand99));
  bars.push_back(ratio_bar("5", "p50 at 100 k/s, of frames of 1", 1.05, false, ours50, ones50));

  const std::uint64_t many = with.quick ? 5'000'000 : 20'000'000;
  std::uint64_t expected = 0;
  virtual_loop(many, expected);
  const auto v = interleave(
      with.repeats(),
      {[&] { return throughput(shape::one_hop, many, expected); },
       [&] { return throughput(shape::one_hop, many, expected, {.frame_records = 256}); }});
  bars.push_back(ratio_bar("5", "saturated, of fixed frames of 256", 0.90, true, v[0], v[1]));
}

/// Bars 6 and 8.
void scoring_bars(const settings& with, std::vector<bar>& bars) {
  const scoring_contest contest;
  const std::uint64_t n = with.quick ? 400'000 : 1'600'000;
  const auto library = [&](std::size_t pane) {
    return [&, pane] { return contest.library(pane, n); };
  };
  const auto graph = [&](std::size_t pane) {
    return [&, pane] { return contest.graph(leat::micro_batch{pane}, n); };
  };
  const auto v =
      interleave(with.repeats(),
                 {library(128), graph(128), library(256), graph(256), library(512), graph(512),
                  [&] { return contest.library(1, n / 16); },
                  [&] { return contest.graph(leat::record_at_a_time{}, n / 16); },
                  [&] { return contest.graph(leat::micro_batch{256}, n, 2, {.workers = 2}); }});
  say("XGBoost's library, panes of 512 (the limit)", v[4]);
  say("scoring with it, micro-batches of 512", v[5]);
  say("XGBoost's library, row by row", v[6]);
  say("scoring with it, record at a time", v[7]);
  for (const std::size_t i : {0u, 1u, 2u})
    bars.push_back(
        ratio_bar("6", fmt::format("XGBoost in micro-batches of {}, of the library", 128 << i),
                  0.95, true, v[2 * i + 1], v[2 * i]));
  bars.push_back(
      ratio_bar("6", "XGBoost in micro-batches of 512, of record at a time", 10, true, v[5], v[7]));
  bars.push_back(ratio_bar("8", "XGBoost in micro-batches of 256: two workers, of one", 1.85, true,
                           v[8], v[3]));

  std::vector<double> two, one;
  for (int r = 0; r < with.repeats(); ++r) {
    const double rate = contest.library(32, n / 4) / 2;
    const auto half_a_second = static_cast<std::uint64_t>(rate / 2);
    two.push_back(
        contest.latency(leat::micro_batch{32}, half_a_second, rate, {.workers = 2}).p99_us);
    one.push_back(
        contest.latency(leat::micro_batch{32}, half_a_second, rate, {.workers = 1}).p99_us);
  }
  print_extra(
      fmt::format("p99 at half of what the library can: {:.0f} us, with one worker {:.0f} us",
                  median(two), median(one)));
  bar age = ratio_bar("6", "p99 at half of what the library can, panes of 32", 500, false, two,
                      std::vector<double>(two.size(), 1));
  age.unit = "us";
  bars.push_back(age);
}

/// Bar 7.
void tree_bars(const settings& with, std::vector<bar>& bars) {
  std::vector<double> one, many, one_of_plain, many_of_plain, unit;
  for (int r = 0; r < with.repeats(); ++r) {
    const auto [single, pane] = measure_trees(with.quick ? 1 : 3);
    one.push_back(single.library / single.native);
    many.push_back(pane.library / pane.native);
    one_of_plain.push_back(single.plain / single.native);
    many_of_plain.push_back(pane.plain / pane.native);
    unit.push_back(1);
    if (r == 0)
      print_extra(fmt::format("100 trees x depth 6, ns a row alone and in 512: XGBoost {:.0f} and "
                              "{:.0f}; plain walker {:.0f} and {:.0f}; native {:.0f} and {:.0f}",
                              single.library, pane.library, single.plain, pane.plain, single.native,
                              pane.native));
  }
  bars.push_back(
      ratio_bar("7", "native tree scorer, 1 row: times faster than XGBoost", 20, true, one, unit));
  bars.push_back(ratio_bar("7", "native tree scorer, 512 rows: times faster than XGBoost", 2, true,
                           many, unit));
  if (!trees_have_vectors())
    return print_extra("no AVX-512 here: the plain walker takes all rows");
  bars.push_back(ratio_bar("7", "native tree scorer, 1 row: times faster than its plain walker",
                           1.5, true, one_of_plain, unit));
  bars.push_back(ratio_bar("7", "native tree scorer, 512 rows: times faster than its plain walker",
                           3, true, many_of_plain, unit));
}

/// The native scorer's walkers over forests of all sizes.
void tree_table(const settings& with) {
  fmt::print("medians of {} rounds\n", with.repeats());
  fmt::print("ns a row: plain walker, with vectors, ratio\n{:>5} {:>5}  {:^26}  {:^26}\n", "depth",
             "trees", "1 row", "512 rows");
  const auto cell = [](const tree_times& t) {
    return fmt::format("{:>9.1f} {:>9.1f} {:>6.2f}", t.plain, t.native, t.plain / t.native);
  };
  for (std::uint32_t depth = 1; depth <= 12; ++depth)
    for (const std::size_t trees : {1, 2, 5, 10, 20, 50, 100, 200, 500}) {
      const auto f = measure_walkers(depth, trees, with.repeats());
      fmt::print("{:>5} {:>5}  {}  {}\n", depth, trees, cell(f.one), cell(f.many));
      std::fflush(stdout);
    }
}

/// What a cluster costs by its size: to start and to wait, over TLS; and promises at a low rate,
/// on one host. Two keyed stages, with a subtask of each on each worker.
void node_table(const settings& with) {
  constexpr std::size_t most = 16;
  constexpr double low = 2'000; // records/s
  constexpr int rounds = 3;
  const std::uint64_t paced = with.quick ? 4'000 : 10'000;
  const certificates by(most);
  fmt::print("medians of {} rounds\n", rounds);
  fmt::print(
      "{:>7}  {:^24}  {:^24}  {:^36}\n{:>7}  {:>12}{:>12}  {:>12}{:>12}  {:>12}{:>12}{:>12}\n", "",
      "CPU to start, ms", "waiting, ms of CPU/s", "2 k records/s", "workers", "coordinator",
      "a worker", "coordinator", "a worker", "messages", "promises", "CPU, us");
  for (std::size_t n = 1; n <= most; n *= 2) {
    const auto workers = static_cast<double>(n);
    std::array<std::vector<double>, 7> figures;
    for (int r = 0; r < rounds; ++r) {
      const node_job none{node_graph::keyed, few, n};
      const auto start = run_over_tls(none, n, by);
      const double seconds = with.quick ? 3 : 10;
      const auto idle = run_over_tls({none.graph, few, n, (few - 1) / seconds}, n, by);
      const auto job = run_locally({none.graph, paced, n, low}, n);
      const double start_locally = run_locally(none, n).cpu_seconds();
      const double a_record = 1 / static_cast<double>(paced);
      std::uint64_t messages = 0, promises = 0;
      for (const auto& [kind, count] : job.sent) {
        messages += count;
        if (kind.starts_with("progress")) // and progress_heard
          promises += count;
      }
      const std::array<double, 7> round{
          start.coordinator_cpu_seconds * 1e3,
          start.workers_cpu_seconds * 1e3 / workers,
          (idle.coordinator_cpu_seconds - start.coordinator_cpu_seconds) * 1e3 / seconds,
          (idle.workers_cpu_seconds - start.workers_cpu_seconds) * 1e3 / seconds / workers,
          static_cast<double>(messages) * a_record,
          static_cast<double>(promises) * a_record,
          (job.cpu_seconds() - start_locally) * 1e6 * a_record};
      for (std::size_t i = 0; i < round.size(); ++i)
        figures[i].push_back(round[i]);
    }
    fmt::print("{:>7}  {:>12.0f}{:>12.0f}  {:>12.1f}{:>12.1f}  {:>12.2f}{:>12.2f}{:>12.0f}\n", n,
               median(figures[0]), median(figures[1]), median(figures[2]), median(figures[3]),
               median(figures[4]), median(figures[5]), median(figures[6]));
    std::fflush(stdout);
  }
}

/// Bar 14. What a wake costs is printed, because it is what waiting costs.
void waiting_bars(const settings& with, std::vector<bar>& bars) {
  constexpr double rate = 50'000;
  const fraud_job job(with.quick ? 100'000 : 400'000);
  std::vector<double> p50, p99, paced, saturated, wake, unit;
  for (int r = 0; r < with.repeats(); ++r) {
    const fraud_job::figures at_rate = job.run(rate);
    p50.push_back(at_rate.p50_us);
    p99.push_back(at_rate.p99_us);
    paced.push_back(at_rate.cpu_us);
    saturated.push_back(job.run(0).cpu_us);
    wake.push_back(cost_of_a_wake(std::chrono::microseconds{50}));
    unit.push_back(1);
  }
  print_extra(fmt::format("fraud: CPU of a payment {:.2f} us at 50 k/s, {:.2f} us saturated; to "
                          "wake a thread that does nothing, {:.1f} us",
                          median(paced), median(saturated), median(wake)));
  const auto in = [&](const char* what, bar b) {
    b.unit = what;
    bars.push_back(b);
  };
  in("us", ratio_bar("14", "fraud at 50 k/s: p50", 60, false, p50, unit));
  in("us", ratio_bar("14", "fraud at 50 k/s: p99", 300, false, p99, unit));
  bars.push_back(ratio_bar("14", "fraud at 50 k/s: CPU of a payment, of a saturated run", 3, false,
                           paced, saturated));
  in("% of a core", ratio_bar("14", "fraud without input", 1, false,
                              {100 * job.idle(std::chrono::seconds{with.quick ? 10 : 60})}, {1}));
}

/// Bar 9. How long a job takes to go on after a crash is measured by scripts/chaos.
void checkpoint_bars(const settings& with, std::vector<bar>& bars) {
  const std::uint64_t n = with.quick ? 40'000'000 : 100'000'000;
  std::vector<double> made, seconds, mib;
  const auto v = interleave(with.quick ? 3 : 5,
                            {[&] {
                               const checkpoint_figures f = keyed_with_checkpoints(n, true);
                               made.push_back(static_cast<double>(f.completed));
                               seconds.push_back(f.seconds);
                               mib.push_back(f.mib);
                               return f.per_second;
                             },
                             [&] { return keyed_with_checkpoints(n, false).per_second; }});
  say("a keyed stage of 1 M keys, with a checkpoint each second", v[0]);
  say("the same without", v[1]);
  print_extra(fmt::format("checkpoints in a run: {:.0f}, of at most {:.1f} MiB in at most {:.2f} s",
                          median(made), median(mib), median(seconds)));
  bars.push_back(
      ratio_bar("9", "1 M keys, a checkpoint each second, of none", 0.97, true, v[0], v[1]));
  std::vector<double> pauses, copies;
  for (int r = 0; r < 5; ++r) {
    const pause_figures f = pause_for_checkpoint();
    pauses.push_back(f.snapshot);
    copies.push_back(f.copy);
  }
  bars.push_back(ratio_bar("9", "pause for 1 M sums, of copying them", 2, false, pauses, copies));
}

/// Bar 10.
void slow_sink_bars(const settings& with, std::vector<bar>& bars) {
  std::vector<double> growth, speed, unit;
  const std::uint64_t n = with.quick ? 500'000 : 2'000'000;
  for (int r = 0; r < (with.quick ? 1 : 3); ++r) {
    const slow_sink_figures f = slow_sink(n);
    growth.push_back(f.growth_mib);
    speed.push_back(f.share_of_what_it_takes);
    unit.push_back(1);
  }
  bar memory =
      ratio_bar("10", "slow sink (1 us a record): growth of memory", 16, false, growth, unit);
  memory.unit = "MiB";
  bars.push_back(memory);
  bars.push_back(
      ratio_bar("10", "slow sink: records/s, of what the sink can take", 0.95, true, speed, unit));
}

/// Bar 11.
void remote_bars(const settings& with, std::vector<bar>& bars) {
  const std::uint64_t n = with.quick ? 10'000'000 : 40'000'000;
  const certificates by(1);
  const auto locally = [n](node_graph g) {
    return [=] { return run_locally({g, n}, 1).per_second; };
  };
  const auto over_tls = [&](node_graph g) {
    return [&, g] { return run_over_tls({g, n}, 1, by).per_second; };
  };
  const auto v =
      interleave(with.repeats(), {[n] { return codec_nanoseconds(n); }, [n] { return raw_tcp(n); },
                                  [&] { return raw_tls(n, by); }, locally(node_graph::edge),
                                  locally(node_graph::shuffle), over_tls(node_graph::edge),
                                  over_tls(node_graph::shuffle)});
  say("to another process: raw TCP in writes of one frame (the limit)", v[1]);
  say("to another process: the same under TLS", v[2]);
  say("to another process: one edge", v[3]);
  say("to another process: keyed shuffle to two subtasks", v[4]);
  say("to another node, over TLS: one edge", v[5]);
  say("to another node, over TLS: keyed shuffle to two subtasks", v[6]);
  bar codec = ratio_bar("11", "encode and decode, a record of 32 bytes", 2, false, v[0],
                        std::vector<double>(v[0].size(), 1));
  codec.unit = "ns";
  bars.push_back(codec);
  const auto of = [&](const char* name, std::optional<double> target, std::size_t ours,
                      std::size_t limit) {
    bars.push_back(ratio_bar("11", name, target, true, v[ours], v[limit]));
  };
  of("an edge into another process, of raw TCP", 0.50, 3, 1);
  of("a keyed shuffle into another process, of raw TCP", 0.50, 4, 1);
  of("raw TLS, of raw TCP", {}, 2, 1);
  of("an edge to another node over TLS, of raw TLS", {}, 5, 2);
  of("a keyed shuffle to another node over TLS, of raw TLS", {}, 6, 2);
  of("a keyed shuffle to another node over TLS, of raw TCP", {}, 6, 1);
}

/// What workers on one host cost: bar 11 has no target for that.
void worker_figures(const settings& with, std::vector<bar>& bars) {
  const std::uint64_t n = with.quick ? 1'000'000 : 5'000'000;
  const auto with_workers = [n](std::size_t workers) {
    return [=] { return keyed_nanoseconds(n, workers); };
  };
  const auto v = interleave(with.repeats(),
                            {with_workers(0), with_workers(1), with_workers(2), with_workers(4)});
  for (const std::size_t i : {0u, 1u, 2u, 3u}) {
    const std::string who = i == 0   ? "one process"
                            : i == 1 ? "one worker"
                                     : fmt::format("{} workers", 1 << (i - 1));
    print_extra(fmt::format("{:<58} {:>8.1f} ns of CPU a record",
                            "two keyed stages of 4 subtasks, by stamp: " + who, median(v[i])));
    if (i > 0)
      bars.push_back(ratio_bar("11", who + ": CPU of two keyed stages, of one process", {}, false,
                               v[i], v[0]));
  }
}

/// The messages between the nodes of a job with two workers.
void message_figures(const settings& with, std::vector<bar>& bars) {
  const auto measure = [&](const std::string& how, std::uint64_t records, double rate) {
    std::vector<double> all, unit;
    std::map<std::string, std::vector<double>> kinds;
    for (int r = 0; r < 3; ++r) {
      double sum = 0;
      for (const auto& [kind, count] : run_locally({node_graph::keyed, records, 8, rate}, 2).sent) {
        kinds[kind].push_back(static_cast<double>(count) / static_cast<double>(records));
        sum += kinds[kind].back();
      }
      all.push_back(sum);
      unit.push_back(1);
    }
    bar messages = ratio_bar("11", "messages between 2 workers, two keyed stages of 8, " + how, {},
                             false, all, unit);
    messages.unit = "a record";
    bars.push_back(messages);
    for (const char* kind : {"encoded", "grant", "progress", "progress_heard", "metrics"})
      if (const auto found = kinds.find(kind); found != kinds.end())
        print_extra(fmt::format("two keyed stages of 8 subtasks, {}: {:<16} {:>9.4f} a record", how,
                                kind, median(found->second)));
  };
  measure("2 k/s", with.quick ? 2'000 : 10'000, 2'000);
  measure("saturated", with.quick ? 1'000'000 : 5'000'000, 0);
}

/// Runs queries in turn, so many times over, and prints what an event costs in each. Returns events
/// a second and core, by query and round.
std::vector<std::vector<double>> nexmark_rounds(const std::vector<nexmark::query>& queries,
                                                std::uint64_t events, int repeats) {
  std::vector<double> generator;
  std::vector<std::function<double()>> measures;
  for (const nexmark::query& q : queries)
    measures.push_back([&] {
      const nexmark_figures f = run_nexmark(std::string(q.name), events);
      generator.push_back(f.generator);
      return 1e9 / f.query;
    });
  const auto v = interleave(repeats, measures);
  for (std::size_t i = 0; i < queries.size(); ++i)
    print_extra(fmt::format("nexmark {:<58} {:>7.1f} ns of CPU an event, the generator {:.1f}",
                            fmt::format("{}: {}", queries[i].name, queries[i].about),
                            1e9 / median(v[i]), median(generator)));
  return v;
}

/// Bar 12.
void nexmark_bars(const settings& with, std::vector<bar>& bars) {
  struct published {
    double events; // a second and core, by Flink 2
    std::optional<double> target;
  };
  const std::map<std::string_view, published> flink{
      {"q0", {379e3, 1}}, {"q1", {395e3, 1}}, {"q2", {414e3, 1}}, {"q4", {28e3, {}}},
      {"q5", {75e3, 1}},  {"q7", {23e3, 1}},  {"q8", {162e3, 1}}};
  std::vector<nexmark::query> compared, others;
  for (const nexmark::query& q : nexmark::queries())
    (flink.contains(q.name) ? compared : others).push_back(q);
  const auto v = nexmark_rounds(compared, with.quick ? 5'000'000 : 20'000'000, with.repeats());
  for (std::size_t i = 0; i < compared.size(); ++i) {
    const published& p = flink.at(compared[i].name);
    bars.push_back(ratio_bar(
        "12",
        fmt::format("nexmark {}: events a second and core, of 10 x Flink's", compared[i].name),
        p.target, true, v[i], std::vector<double>(v[i].size(), 10 * p.events)));
  }
  nexmark_rounds(others, with.quick ? 1'000'000 : 5'000'000, 3);
}

/// Bar 13.
void keyed_bars(const settings& with, std::vector<bar>& bars) {
  struct contest {
    keyed_shape shape;
    std::string name;
    double target;
  };
  const std::uint64_t n = with.quick ? 2'000'000 : 10'000'000;
  for (const contest& c : {
           contest{keyed_shape::one_stage, "one keyed stage", 0.70},
           contest{keyed_shape::two_by_arrival, "two keyed stages of 2 subtasks, by arrival", 0.70},
           contest{keyed_shape::two_by_stamp, "two keyed stages of 2 subtasks, by stamp", 0.50},
       }) {
    keyed_sums sums;
    const auto v = interleave(with.repeats(), {[&] { return keyed_by_hand(c.shape, n, sums); },
                                               [&] { return keyed_cpu(c.shape, n, sums); }});
    print_extra(fmt::format("{:<58} {:>8.1f} ns of CPU a record, by hand {:.1f}", c.name,
                            median(v[1]), median(v[0])));
    bars.push_back(ratio_bar("13", c.name + ": CPU by hand, of ours", c.target, true, v[0], v[1]));
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "nodes") == 0)
    return nodes_main(argc - 1, argv + 1);
  if (argc > 1 && std::strcmp(argv[1], "nexmark") == 0)
    return nexmark::command(argc - 1, argv + 1, stdout, stderr);
  settings with;
  std::string json;
  void (*table)(const settings&) = nullptr;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      with.quick = true;
    } else if (std::strcmp(argv[i], "--trees") == 0) {
      table = tree_table;
    } else if (std::strcmp(argv[i], "--nodes") == 0) {
      table = node_table;
    } else if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
      json = argv[++i];
    } else {
      fmt::print(stderr, "usage: bench [--quick] [--json FILE | --trees | --nodes]\n");
      return std::strcmp(argv[i], "--help") == 0 ? 0 : 1;
    }
  }
  fmt::print("{}, {} processors; ", processor(), std::thread::hardware_concurrency());
  if (table) {
    table(with);
    return 0;
  }
  fmt::print("medians of {} interleaved rounds\n", with.repeats());
  std::vector<bar> bars;
  throughput_bars(with, bars);
  window_bars(with, bars);
  latency_bars(with, bars);
  scoring_bars(with, bars);
  tree_bars(with, bars);
  checkpoint_bars(with, bars);
  slow_sink_bars(with, bars);
  waiting_bars(with, bars);
  remote_bars(with, bars);
  worker_figures(with, bars);
  message_figures(with, bars);
  nexmark_bars(with, bars);
  keyed_bars(with, bars);
  print_table(bars);
  if (!json.empty() && !write_json(json, bars)) {
    fmt::print(stderr, "bench: error: cannot write {}\n", json);
    return 1;
  }
  return 0;
}
