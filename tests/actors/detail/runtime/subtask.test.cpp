#include <leat/detail/runtime/subtask.hpp>

#include <leat/detail/stage/batching_stage.hpp>
#include <leat/detail/stage/keyed_stage.hpp>
#include <leat/detail/stage/merge_stage.hpp>
#include <leat/detail/stage/typed_source.hpp>
#include <leat/sink.hpp>

#include "support/catch.hpp"
#include "support/hosted.hpp"
#include "support/subtask_host.hpp"

using support::at;
using support::item;
using support::mark_at;
using namespace std::chrono_literals;

namespace {

struct world {
  support::set_clock clock;
  support::kept_letters letters;
  support::kept_requests host;
  leat::subtask_metrics metrics{4};
  leat::subtask::settings settings;
  std::optional<leat::subtask> subtask;

  world() {
    settings.credit_limit = {8, 64, 1'000'000};
    settings.services.stage = "stage";
    settings.services.time = &clock;
    settings.services.dead_letters = &letters;
    settings.services.keep_order = true;
    settings.services.wake_soon = [] {};
  }

  void feed_by(std::size_t channels) {
    settings.channels.assign(channels, std::make_shared<const leat::input_edge>());
  }

  void start(std::shared_ptr<leat::stage> s,
             leat::credit window = {1'000'000, 1'000'000'000, 1'000'000'000'000}) {
    for (std::size_t i = 0; i < s->ports().size(); ++i) {
      leat::edge_settings e;
      e.carried = leat::all_columns;
      e.credit_limit = window;
      e.limits.records = 4;
      settings.ports.push_back(e);
      settings.services.limits = e.limits;
    }
    subtask.emplace(std::move(s), settings, host, metrics);
    REQUIRE(subtask->open());
  }

  bool ended() const {
    return std::any_of(host.wire.all.begin(), host.wire.all.end(),
                       [](const auto& s) { return s.content.last; });
  }
  std::size_t records_sent() const {
    std::size_t n = 0;
    for (const auto& s : host.wire.all)
      n += s.content.size();
    return n;
  }
};

auto merging() {
  return std::make_shared<leat::merge_stage>(leat::record_type_of<item>,
                                             support::into_port<item>());
}

template <class Source>
auto reading(Source s) {
  return leat::make_source_stage(std::move(s), leat::no_event_time{}, support::into_port<item>());
}

struct endless {
  using record_type = item;
  std::size_t* pulls;
  std::chrono::nanoseconds idle{0};
  leat::pull_status pull(std::size_t, leat::emitter<item>& out) {
    ++*pulls;
    out({});
    return idle.count() > 0 ? leat::pull_status::idle(idle) : leat::pull_status::more();
  }
};

// Emits a second after the last record of a key.
struct alarm {
  using output_type = item;
  leat::value_state<leat::processing_time> last;
  leat::processing_timer silent;

  void open(leat::setup& setup) {
    last = setup.value<leat::processing_time>("last");
    silent = setup.processing_timer("silent");
  }
  void process(const item&, leat::emitter<item>&, leat::context& ctx) {
    ctx.cancel(silent, ctx.get(last) + 1s);
    ctx.set(silent, (ctx.edit(last) = ctx.now()) + 1s);
  }
  void on_timer(const std::int64_t& key, const leat::processing_timer&, leat::emitter<item>& out,
                leat::context&) {
    out({key, -1, 0});
  }
};

auto alarming() {
  return std::make_shared<leat::keyed_stage<item, decltype(support::key_of_item), alarm>>(
      support::key_of_item, alarm{}, support::into_port<item>(), leat::side_ports{});
}

} // namespace

TEST_CASE("a subtask aligns barriers, hands on what stood before, and ends when all have ended") {
  world w;
  w.feed_by(2);
  w.start(merging());
  const auto barrier = std::make_shared<leat::barrier>(leat::barrier{5, {}});
  leat::frame f = support::items_from(1, 3);
  f.barrier_at = barrier;
  w.subtask->receive(0, f);
  w.subtask->receive(0, support::items_from(10, 2));
  CHECK(w.records_sent() == 0);
  leat::frame only;
  only.barrier_at = barrier;
  w.subtask->receive(1, only);
  REQUIRE_FALSE(w.host.wire.all.empty());
  CHECK(w.host.wire.all[0].content.size() == 3);
  std::size_t barriers = 0;
  for (const auto& s : w.host.wire.all)
    barriers += s.content.barrier_at != nullptr;
  CHECK(barriers == 1);
  leat::frame end;
  end.last = true;
  w.subtask->receive(0, end);
  CHECK_FALSE(w.host.is_done);
  w.subtask->receive(1, end);
  CHECK(w.host.is_done);
  CHECK(w.subtask->finished());
  CHECK(w.ended());
  CHECK(w.records_sent() == 5);
}

TEST_CASE("a blocked subtask takes nothing and returns no credit until it gets some") {
  world w;
  w.feed_by(1);
  w.settings.credit_limit = {4, 24, 1'000'000};
  w.start(merging(), {1, 1, 1});
  for (int n = 0; n < 6; ++n)
    w.subtask->receive(0, support::items_from(n * 4 + 1, 4));
  const std::size_t granted = w.host.grants.size();
  CHECK(granted <= 3);
  CHECK(w.records_sent() == 4);
  for (int n = 0; n < 10; ++n)
    w.subtask->idle();
  CHECK(w.host.grants.size() == granted);
  for (std::size_t n = 0; n < w.host.wire.all.size(); ++n) {
    const leat::credit c = w.host.wire.all[n].content.cost();
    if (c != leat::credit{})
      w.subtask->granted(0, 0, c);
  }
  w.subtask->idle();
  CHECK(w.records_sent() == 24);
  CHECK(w.host.grants.size() == 6);
}

TEST_CASE("a subtask that has nothing to do hands on what waits for company, marks too") {
  world w;
  w.feed_by(1);
  w.start(merging());
  w.subtask->receive(0, support::items_from(1, 2));
  w.subtask->promised(0, mark_at(at(2)), 1);
  CHECK(w.records_sent() == 0);
  w.subtask->idle();
  CHECK(w.records_sent() == 2);
  w.subtask->promised(0, mark_at(at(9)), 1);
  w.subtask->idle();
  REQUIRE(w.host.wire.all.back().marked);
  CHECK(w.host.wire.all.back().marked->progress == at(9));
}

TEST_CASE("wake-ups of a source never multiply, however often it is woken from outside") {
  std::size_t pulls = 0;
  world w;
  w.start(reading(endless{&pulls}));
  w.subtask->work();
  REQUIRE(w.host.agains.size() == 1);
  for (int n = 0; n < 100; ++n)
    w.subtask->woken(0);
  std::size_t under_way = w.host.agains.size();
  CHECK(under_way <= 2);
  for (int n = 0; n < 1000 && !w.host.agains.empty(); ++n) { // deliver them one by one
    const auto number = w.host.agains.front();
    w.host.agains.erase(w.host.agains.begin());
    w.subtask->woken(number);
    under_way = std::max(under_way, w.host.agains.size());
  }
  CHECK(under_way <= 2);
  CHECK_FALSE(w.host.agains.empty()); // it still runs
}

TEST_CASE("timers of a source never multiply either") {
  std::size_t pulls = 0;
  world w;
  w.start(reading(endless{&pulls, 1h}));
  w.subtask->work();
  for (int n = 0; n < 100; ++n)
    w.subtask->woken(0);
  CHECK(pulls == 101);
  CHECK(w.host.timers.size() <= 2);
  for (int round = 0; round < 50; ++round) {
    w.clock.time += 3'600'000'000'000;
    const auto due = std::exchange(w.host.timers, {});
    for (const auto& [when, number] : due)
      w.subtask->woken(number);
    CHECK(w.host.timers.size() <= 1);
  }
}

TEST_CASE("long and short waits in turn leave no timers behind") {
  struct moody {
    using record_type = item;
    std::size_t pulls = 0;
    leat::pull_status pull(std::size_t, leat::emitter<item>&) {
      return leat::pull_status::idle(++pulls % 2 == 0 ? std::chrono::nanoseconds{1ms}
                                                      : std::chrono::nanoseconds{1h});
    }
  };
  world w;
  w.start(reading(moody{}));
  w.subtask->work();
  for (int round = 0; round < 1000; ++round) {
    w.subtask->woken(0); // it waits for an hour, and is woken for the millisecond
    REQUIRE(w.host.timers.size() <= 3);
    w.clock.time += 1'000'000;
    for (const auto& [when, number] : std::exchange(w.host.timers, {}))
      if (when <= w.clock.time)
        w.subtask->woken(number);
      else
        w.host.timers.emplace_back(when, number);
  }
}

TEST_CASE("a source stops at a barrier that says so") {
  const leat::command stop{{}, leat::stop_verb, {}};
  std::size_t pulls = 0;
  world w;
  w.start(reading(endless{&pulls}));
  w.subtask->work();
  REQUIRE(w.subtask->prepare(stop));
  w.subtask->inject(std::make_shared<leat::barrier>(leat::barrier{1, {stop}}));
  CHECK(w.host.is_done);
  CHECK(w.records_sent() == pulls);
  CHECK(w.ended());
  const std::size_t before = pulls;
  w.subtask->woken(0);
  CHECK(pulls == before);
}

TEST_CASE("a barrier brings what was prepared, without what was withdrawn") {
  const auto batching = [](std::string payload) {
    return leat::command{"stage", leat::batching_verb, std::move(payload)};
  };
  const auto arrives = [](world& w, leat::command c) {
    leat::frame f;
    f.barrier_at = std::make_shared<leat::barrier>(leat::barrier{1, {std::move(c)}});
    w.subtask->receive(0, std::move(f));
  };
  world w;
  w.feed_by(1);
  w.start(std::make_shared<leat::batching_stage>(leat::record_type_of<item>, leat::batch{},
                                                 support::into_port<item>()));
  CHECK(!w.subtask->prepare(batching("often")));
  CHECK(!w.subtask->prepare({"stage", "model", "x"})); // it does not implement it
  REQUIRE(w.subtask->prepare(batching("record")));
  w.subtask->withdraw();
  REQUIRE(w.subtask->prepare(batching("micro-batch:2,1h")));
  REQUIRE(w.subtask->prepare(batching("record"))); // while the barrier of the first is on its way
  w.subtask->receive(0, support::items_from(1, 3));
  CHECK(w.metrics.counters.panes == 0);
  arrives(w, batching("micro-batch:2,1h")); // closes the pane of three
  w.subtask->receive(0, support::items_from(4, 4));
  CHECK(w.metrics.counters.panes == 3);
  arrives(w, batching("record"));
  w.subtask->receive(0, support::items_from(8, 4));
  CHECK(w.metrics.counters.panes == 7);
  CHECK_THROWS_AS(arrives(w, batching("record")), leat::failure); // of a peer that lies
}

TEST_CASE("when no consumer wants more, producers are told, and input is let go") {
  world w;
  w.feed_by(2);
  w.start(merging());
  w.subtask->receive(0, support::items_from(1, 4));
  w.subtask->cancelled(0, 0);
  CHECK(w.host.cancelled == std::vector<std::size_t>{0, 1});
  const std::size_t before = w.records_sent();
  for (int n = 0; n < 20; ++n)
    w.subtask->receive(0, support::items_from(n * 4 + 5, 4));
  CHECK(w.records_sent() == before);
  std::int64_t returned = 0;
  for (const auto& [channel, c] : w.host.grants)
    returned += c.records;
  CHECK(returned >= 60); // the producer is not held up until it hears
  leat::frame end;
  end.last = true;
  w.subtask->receive(0, end);
  w.subtask->receive(1, end);
  CHECK(w.host.is_done);
}

TEST_CASE("a satisfied sink cancels its inputs once") {
  struct two {
    std::size_t got = 0;
    leat::write_status write(std::span<const item> r) {
      return (got += r.size()) >= 2 ? leat::write_status::enough : leat::write_status::more;
    }
  };
  world w;
  w.feed_by(1);
  w.start(std::make_shared<leat::sink_stage<item, two>>(two{}, 0ns));
  w.subtask->receive(0, support::items_from(1, 2));
  w.subtask->receive(0, support::items_from(3, 2));
  CHECK(w.host.cancelled == std::vector<std::size_t>{0});
}

TEST_CASE("a subtask is busy in its turns, and between them while its stage is occupied") {
  world w;
  w.feed_by(1);
  struct quick {
    void write(std::span<const item>) {}
  };
  w.start(std::make_shared<leat::sink_stage<item, quick>>(quick{}, 10us)); // it rests for that time
  const auto busy = [&] { return leat::subtask_metrics::until(w.metrics.busy, w.clock.time); };
  w.subtask->begin_turn();
  w.clock.time += 5;
  CHECK(busy() == 5); // also meanwhile
  w.subtask->end_turn();
  w.clock.time += 1000;
  CHECK(busy() == 5);
  w.subtask->begin_turn();
  w.subtask->receive(0, support::items_from(1, 1));
  w.subtask->end_turn();
  w.clock.time += 10'000;
  CHECK(busy() == 10'005); // it rests
  w.subtask->begin_turn();
  w.subtask->woken(w.host.timers.back().second);
  w.subtask->end_turn();
  w.clock.time += 1000;
  CHECK(busy() == 10'005);
}

TEST_CASE("a sink that has prepared does nothing more until it is to commit") {
  struct file {
    std::vector<std::string>* said;
    void write(std::span<const item>) { said->push_back("write"); }
    void flush() { said->push_back("flush"); }
    leat::epoch prepare(leat::epoch n) { return said->push_back("prepare"), n; }
    void commit(leat::epoch n) { said->push_back("commit " + std::to_string(n)); }
  };
  std::vector<std::string> said;
  world w;
  w.feed_by(1);
  w.start(std::make_shared<leat::sink_stage<item, file>>(file{&said}, 0ns));
  w.subtask->receive(0, support::items_from(1, 2));
  CHECK_THROWS_AS(w.subtask->commit(1, true), leat::failure); // too early
  leat::frame end;
  end.last = true;
  w.subtask->receive(0, std::move(end));
  w.subtask->idle();
  w.subtask->work();
  CHECK(said == std::vector<std::string>{"write", "prepare"});
  CHECK(w.host.is_prepared);
  CHECK_FALSE(w.host.is_done);
  CHECK_FALSE(w.subtask->finished());
  w.subtask->commit(1, true);
  CHECK(said.back() == "commit 1");
  CHECK(w.host.is_done);
  CHECK(w.subtask->finished());
  CHECK_THROWS_AS(w.subtask->commit(1, true), leat::failure); // once
}

TEST_CASE("a stage's timer fires at its time, and a pane closes with it") {
  world w;
  w.feed_by(1);
  w.start(std::make_shared<leat::batching_stage>(
      leat::record_type_of<item>, leat::micro_batch{100, 5ms}, support::into_port<item>()));
  w.subtask->receive(0, support::items_from(1, 2));
  REQUIRE(w.host.timers.size() == 1);
  CHECK(w.host.timers[0].first == w.clock.time + 5'000'000);
  w.subtask->idle();
  CHECK(w.records_sent() == 0);
  w.clock.time += 5'000'000;
  w.subtask->woken(w.host.timers[0].second);
  CHECK(w.records_sent() == 2);
  w.subtask->receive(0, support::items_from(3, 1));
  CHECK(w.host.timers.size() == 2);
}

TEST_CASE("a processing timer fires while its subtask waits for a channel of a merge") {
  world w;
  w.settings.ordered = true;
  w.feed_by(2);
  w.start(alarming());
  w.subtask->receive(0, support::items_from(1, 9));
  w.subtask->promised(1, mark_at(at(4)), 0);
  CHECK(w.metrics.counters.records_in == 4);
  REQUIRE(w.host.timers.size() == 1);
  w.clock.time += 1'000'000'000;
  w.subtask->woken(w.host.timers[0].second);
  w.subtask->idle();
  REQUIRE(w.records_sent() == 1);
  for (const auto& s : w.host.wire.all)
    if (s.content.size() > 0) {
      const leat::stamp place = s.content.records->envelopes.stamp_of(0);
      CHECK(place >= at(4));
      CHECK(place < at(5));
    }
  CHECK(w.metrics.counters.records_in == 4);
}

TEST_CASE("processing timers that are set anew with each record ask for few wake-ups") {
  world w;
  w.feed_by(1);
  w.start(alarming());
  const leat::clock_time begin = w.clock.time;
  std::size_t asked = 0;
  for (std::int64_t n = 1; n <= 10'000; ++n) {
    w.subtask->receive(0, support::items_from(n, 1));
    REQUIRE(w.host.timers.size() == 1);
    w.clock.time += 10'000'000;
    const auto [when, number] = w.host.timers[0];
    if (when > w.clock.time)
      continue;
    w.host.timers.clear();
    ++asked;
    w.subtask->woken(number);
  }
  CHECK(w.records_sent() == 0);
  CHECK(asked <= static_cast<std::size_t>((w.clock.time - begin) / 990'000'000 + 1));
}

TEST_CASE("the time a port is blocked is measured, also while it lasts") {
  world w;
  w.feed_by(1);
  w.start(merging(), {1, 1, 1});
  w.subtask->receive(0, support::items_from(1, 8));
  w.clock.time += 1000;
  CHECK(leat::subtask_metrics::until(w.metrics.stalls[0], w.clock.time) == 1000);
  w.subtask->granted(0, 0, w.host.wire.all[0].content.cost());
  CHECK(leat::subtask_metrics::until(w.metrics.stalls[0], w.clock.time + 500) == 1000);
}
