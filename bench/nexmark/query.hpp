// What queries have in common: where their events come from, and where their results go.
#pragma once

#include "results.hpp"
#include "source.hpp"

#include <leat/connectors/memory/collect.hpp>
#include <leat/graph.hpp>

#include <atomic>
#include <memory>

namespace nexmark {

/// Receives the results of a query. Copies share what they have received. Thread-safe as
/// leat::collect is.
class results {
public:
  /// Counts them only, unless it keeps them.
  explicit results(bool keeps = false) : keeps_(keeps) {}

  std::uint64_t count() const { return *count_; }
  /// Those that were kept, subtask after subtask of the sink.
  std::vector<result_line> lines() const { return lines_.records(); }

private:
  template <class R>
  friend class result_sink;

  bool keeps_;
  std::shared_ptr<std::atomic<std::uint64_t>> count_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  leat::collect<result_line> lines_;
};

template <class R>
class result_sink {
public:
  static constexpr bool at_coordinator = true; // who holds the results reads them there

  explicit result_sink(results to) : to_(std::move(to)) {}

  void open(const leat::sink_context& place) { to_.lines_.open(place); }
  void write(std::span<const R> records) {
    *to_.count_ += records.size();
    if (!to_.keeps_)
      return;
    std::vector<result_line> lines;
    for (const R& r : records)
      lines.push_back(line_of(r));
    to_.lines_.write(lines);
  }
  auto prepare(leat::epoch n) { return to_.lines_.prepare(n); }
  void commit(const leat::collected_epoch& what) { to_.lines_.commit(what); }
  void discard_uncommitted() { to_.lines_.discard_uncommitted(); }

private:
  results to_;
};

struct query_ends {
  generator_options input;
  results output;

  template <class R>
  result_sink<R> sink() const {
    return result_sink<R>(output);
  }
};

/// All events, with their event times.
inline auto events(leat::graph& g, const query_ends& ends) {
  const leat::event_time_by times{[](const event& e) { return e.time; }, ends.input.disorder};
  return g.from("events", event_source{ends.input}, times, {.parallelism = ends.input.splits});
}

inline auto bids(leat::graph& g, const query_ends& ends) {
  return events(g, ends)
      .filter("bids", [](const event& e) { return is_bid(e); })
      .map("bid", [](const event& e) { return as_bid(e); });
}

} // namespace nexmark
