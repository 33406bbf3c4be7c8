// A stage in the hands of a test: it decides when credit returns, when time passes, who is told.
#pragma once

#include "support/flow.hpp"
#include "support/letters.hpp"

#include <map>

namespace support {

struct hosted {
  set_clock clock;
  kept_frames wire;
  kept_letters letters;
  leat::stage_counters counters;
  leat::histogram latency;
  std::vector<leat::clock_time> timers;
  std::unique_ptr<leat::stage> stage;
  leat::edge_settings edge;
  leat::stage_services services;
  std::size_t settled = 0; ///< frames for which credit was returned

  hosted() {
    edge.carried = leat::all_columns;
    edge.credit_limit = {1'000'000, 1'000'000'000, 1'000'000'000'000};
    services.stage = "stage";
    services.time = &clock;
    services.dead_letters = &letters;
    services.counters = &counters;
    services.latency = &latency;
    services.keep_order = true;
    services.wake_at = [this](leat::clock_time when) { timers.push_back(when); };
    services.wake_soon = [] {};
  }

  leat::result<void> open(std::unique_ptr<leat::stage> s) {
    stage = std::move(s);
    for (std::size_t i = 0; i < stage->ports().size(); ++i)
      stage->ports()[i]->connect(wire, i, edge, clock);
    services.limits = edge.limits;
    return stage->open(services);
  }

  /// Returns all credit, again and again, until the stage is not blocked.
  void unblock() {
    while (stage->blocked()) {
      if (settled == wire.all.size())
        throw std::logic_error("blocked with all its credit");
      for (; settled < wire.all.size(); ++settled)
        stage->ports()[wire.all[settled].port]->grant(wire.all[settled].lane,
                                                      wire.all[settled].content.cost());
      if (stage->blocked())
        stage->resume();
    }
  }

  void consume(leat::frame f) {
    for (std::size_t next = 0, size = f.size(); next < size; unblock())
      stage->consume(0, f, next, size);
  }
  void flush() {
    stage->flush();
    unblock();
  }
  void finish() {
    while (!stage->finish())
      unblock();
    for (leat::port* p : stage->ports())
      p->send_event(nullptr, true);
  }

  /// All records a port sent.
  template <class T>
  std::vector<T> sent(std::size_t port = 0) const {
    std::vector<T> all;
    for (const auto& s : wire.all)
      if (s.port == port)
        for (const T& r : as_list<T>(s.content))
          all.push_back(r);
    return all;
  }
  std::vector<leat::stamp> stamps(std::size_t port = 0) const {
    std::vector<leat::stamp> all;
    for (const auto& s : wire.all)
      for (std::size_t i = 0; s.port == port && i < s.content.size(); ++i)
        all.push_back(s.content.records->envelopes.stamp_of(i));
    return all;
  }
  /// The promise that stands on a lane.
  leat::mark promised(std::size_t port = 0, std::size_t lane = 0) const {
    leat::mark m;
    for (const auto& s : wire.all)
      if (s.port == port && s.lane == lane && s.marked)
        m = *s.marked;
    return m;
  }
  /// True if on each lane stamps rise and no mark stands before records it speaks of.
  bool in_order() const {
    std::map<std::pair<std::size_t, std::size_t>, std::pair<leat::stamp, leat::stamp>> lanes;
    for (const auto& s : wire.all) {
      auto& [last, promised] = lanes[{s.port, s.lane}];
      for (std::size_t i = 0; i < s.content.size(); ++i) {
        const leat::stamp now = s.content.records->envelopes.stamp_of(i);
        if (now < last || now < promised)
          return false;
        last = now;
      }
      if (s.marked)
        promised = s.marked->progress;
    }
    return true;
  }
};

/// A fan-out into one port.
template <class T>
leat::fanout into_port(leat::routing by = leat::routing::forward) {
  leat::fanout to;
  to.add(std::make_unique<leat::direct_branch>(leat::record_type_of<T>, by, 0));
  return to;
}

} // namespace support
