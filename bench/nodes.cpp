#include "nodes.hpp"

#include "pipelines.hpp"
#include "process.hpp"

#include <leat/actor.hpp>
#include <leat/run.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <list>
#include <sstream>

namespace bench {

namespace {

// All processes of a host have the same steady clock.
std::int64_t moment() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// What has arrived, and between when.
struct arrivals {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
  std::int64_t first = 0; ///< ns
  std::int64_t last = 0;
  static constexpr auto fields = leat::fields(
      "arrivals", leat::field("count", &arrivals::count), leat::field("sum", &arrivals::sum),
      leat::field("first", &arrivals::first), leat::field("last", &arrivals::last));

  void add(const arrivals& o) {
    first = count == 0 ? o.first : std::min(first, o.first);
    last = std::max(last, o.last);
    count += o.count, sum += o.sum;
  }
};

struct arrival_sink {
  static constexpr bool at_coordinator = true;
  arrivals* all;

  void write(std::span<const item> records) {
    arrivals more{records.size(), 0, moment(), moment()};
    for (const item& i : records)
      more.sum += weight(i);
    all->add(more);
  }
  void write(std::span<const arrivals> parts) {
    for (const arrivals& part : parts)
      all->add(part);
  }
};

/// Adds up what one subtask of a shuffle gets, and keeps no state by key: what is measured is the
/// way to it.
struct adder : leat::stage_actor<item, arrivals> {
  using stage_actor::stage_actor;

  void process(const item& i, leat::emitter<arrivals>&) {
    if (seen_.count++ == 0)
      seen_.first = moment();
    seen_.sum += weight(i);
  }
  void finish(leat::emitter<arrivals>& out) {
    seen_.last = moment();
    if (seen_.count > 0)
      out(seen_);
  }

private:
  arrivals seen_;
};

constexpr std::array<std::string_view, 3> graph_names{"edge", "shuffle", "keyed"};

node_graph graph_named(std::string_view name) {
  const auto found = std::ranges::find(graph_names, name);
  if (found == graph_names.end())
    throw leat::failure(leat::user_error(fmt::format("unknown graph {}", name),
                                         fmt::format("one of: {}", fmt::join(graph_names, ", "))));
  return static_cast<node_graph>(found - graph_names.begin());
}

leat::graph build(node_graph which, std::uint64_t records, arrivals& all) {
  const auto first_key = [](const item& i) { return i.key & first_keys; };
  const auto second_key = [](const item& i) { return i.key & second_keys; };
  const arrival_sink sink{&all};
  leat::graph g("nodes");
  auto source = g.from("source", item_source{records});
  switch (which) {
  case node_graph::edge:
    std::move(source).to("sink", sink);
    break;
  case node_graph::shuffle:
    std::move(source)
        .key_by(first_key)
        .via("adder", leat::actor<adder>(), {2, leat::order::by_arrival})
        .to("sink", sink);
    break;
  case node_graph::keyed:
    std::move(source)
        .key_by(first_key)
        .process("first", running_sum{})
        .key_by(second_key)
        .process("second", running_sum{})
        .filter("few", [](const item& i) { return i.id % few == 0; })
        .to("sink", sink);
    break;
  }
  return g;
}

std::vector<std::string> arguments_of(const node_job& job) {
  std::vector<std::string> all{
      "run",
      "--quiet",
      fmt::format("--graph={}", graph_names.at(static_cast<std::size_t>(job.graph))),
      fmt::format("--records={}", job.records),
      fmt::format("--parallelism={}", job.parallelism),
      fmt::format("--rate={}", job.rate)};
  if (job.graph == node_graph::shuffle)
    all.emplace_back("--pin=adder=coordinator");
  return all;
}

/// What is to arrive, from one loop.
arrivals expected(const node_job& job) {
  std::vector<std::uint64_t> first(first_keys + 1), second(second_keys + 1);
  arrivals all;
  for (std::uint64_t n = 0; n < job.records; ++n) {
    item i = generate(n);
    if (job.graph == node_graph::keyed) {
      i = with_sum(i, first[i.key & first_keys] += i.value);
      i = with_sum(i, second[i.key & second_keys] += i.value);
      if (i.id % few != 0)
        continue;
    }
    all.count += 1, all.sum += weight(i);
  }
  return all;
}

constexpr std::string_view result_begins = "arrived: ";
constexpr std::string_view count_begins = "sent: ";

/// What all processes have printed of this.
message_counts counts_in(const std::string& printed) {
  message_counts all;
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(count_begins)) {
      std::istringstream words(line.substr(count_begins.size()));
      std::string kind;
      std::uint64_t count = 0;
      words >> kind >> count;
      all[kind] += count;
    }
  return all;
}

node_figures figures_of(const node_job& job, const process::ended& coordinator) {
  const auto at = coordinator.printed.find(result_begins);
  arrivals all;
  if (at == std::string::npos ||
      std::sscanf(coordinator.printed.c_str() + at + result_begins.size(), "%lu %lu %ld %ld",
                  &all.count, &all.sum, &all.first, &all.last) != 4)
    throw leat::failure(leat::internal_error("no figures in: " + coordinator.printed));
  const arrivals wanted = expected(job);
  if (all.count != wanted.count || all.sum != wanted.sum)
    throw leat::failure(
        leat::internal_error(fmt::format("{} records with the sum {} arrived instead of {} with {}",
                                         all.count, all.sum, wanted.count, wanted.sum)));
  return {static_cast<double>(job.records) / (static_cast<double>(all.last - all.first) * 1e-9),
          coordinator.cpu_seconds, 0, counts_in(coordinator.printed)};
}

} // namespace

node_figures run_locally(const node_job& job, std::size_t workers) {
  std::vector<std::string> arguments = arguments_of(job);
  arguments.insert(arguments.begin(), "nodes");
  arguments.push_back(fmt::format("--local-cluster={}", workers));
  return figures_of(job, process(arguments).wait());
}

certificates::certificates(std::size_t workers) {
  process({"nodes", "certs", "init", "--dir", folder()}).wait();
  const auto issue = [this](const std::string& name) {
    process({"nodes", "certs", "issue", "--dir", folder(), "--name", name}).wait();
  };
  issue(coordinator);
  for (std::size_t n = 1; n <= workers; ++n)
    issue(worker(n));
}

node_figures run_over_tls(const node_job& job, std::size_t workers, const certificates& by) {
  std::vector<std::string> arguments{"nodes",       "coordinator", "--listen",
                                     "127.0.0.1:0", "--workers",   fmt::to_string(workers),
                                     "--certs",     by.folder(),   "--"};
  for (std::string& a : arguments_of(job))
    arguments.push_back(std::move(a));
  process coordinator(arguments);
  const std::string address = coordinator.printed_between("listening on ", " for");
  std::list<process> joined;
  for (std::size_t n = 1; n <= workers; ++n)
    joined.emplace_back(std::vector<std::string>{"nodes", "worker", "--join", address, "--name",
                                                 certificates::worker(n), "--certs", by.folder(),
                                                 "--cache", by.folder()});
  node_figures figures = figures_of(job, coordinator.wait());
  for (process& worker : joined)
    figures.workers_cpu_seconds += worker.wait().cpu_seconds;
  return figures;
}

double keyed_nanoseconds(std::uint64_t count, std::size_t workers) {
  const auto cpu = [workers](std::uint64_t records) {
    return run_locally({node_graph::keyed, records, 4}, workers).cpu_seconds();
  };
  return (cpu(count) - cpu(few)) * 1e9 / static_cast<double>(count);
}

int nodes_main(int argc, char** argv) {
  leat::program nodes{"nodes", "Runs a graph on several nodes, for a measure."};
  std::string which;
  std::uint64_t records = 0;
  arrivals all;
  nodes.add("--graph NAME", which, "edge, shuffle or keyed").required();
  nodes.add("--records N", records, "how many").required();
  nodes.graph([&] { return build(graph_named(which), records, all); });
  const int code = nodes.main(argc, argv);
  if (all.count > 0) // not at a worker
    fmt::print("{}{} {} {} {}\n", result_begins, all.count, all.sum, all.first, all.last);
  for (const auto& [kind, count] : sent_messages())
    fmt::print("{}{} {}\n", count_begins, kind, count);
  return code;
}

} // namespace bench
