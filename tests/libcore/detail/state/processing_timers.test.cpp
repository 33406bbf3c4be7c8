// Processing timers as the stage of an operator fires them: against a list of what is set.
#include <leat/detail/stage/keyed_stage.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/hosted.hpp"

#include <set>

using support::at;
using support::item;
using namespace std::chrono_literals;

namespace {

using leat::processing_time;

template <class Context, class Timer, class Time>
concept sets = requires(Context& ctx, const Timer& timer, Time time) {
  ctx.set(timer, time);
  ctx.cancel(timer, time);
};
using leat::event_context;
static_assert(sets<event_context, leat::timer, leat::event_time>);
static_assert(sets<event_context, leat::processing_timer, processing_time>);
static_assert(!sets<event_context, leat::timer, processing_time>);
static_assert(!sets<event_context, leat::processing_timer, leat::event_time>);
static_assert(!sets<leat::context, leat::timer, leat::event_time>);

// One that is set; "a" sorts before "b".
struct alarm {
  processing_time time;
  int name;
  std::int64_t key;
  friend auto operator<=>(const alarm&, const alarm&) = default;
};

// What is set, by the words of the guide: a naive copy that is told of all that happens.
class expected {
public:
  std::set<alarm> now;   ///< they fire with the wake-up at hand
  std::set<alarm> later; ///< they fire with one that comes when it is time
  std::uint64_t fired = 0;

  void set(const alarm& a) {
    if (now.contains(a) || later.contains(a))
      return;
    (firing_ && a.time > firing_->time && a.time <= woken_at_ ? now : later).insert(a);
  }
  void cancel(const alarm& a) { now.erase(a), later.erase(a); }
  void wake(processing_time at) {
    woken_at_ = at;
    while (!later.empty() && later.begin()->time <= at)
      now.insert(later.extract(later.begin()));
  }
  void begin(const alarm& a, processing_time at) {
    REQUIRE_FALSE(now.empty());
    CHECK(a.time <= at);
    CHECK(std::pair(a.time, a.name) == std::pair(now.begin()->time, now.begin()->name));
    REQUIRE(now.erase(a) == 1);
    firing_ = a;
    ++fired;
  }
  void end() { firing_.reset(); }

private:
  processing_time woken_at_;
  std::optional<alarm> firing_;
};

// Sets and cancels at random, and reports it.
struct restless {
  using output_type = item;
  expected* wanted;
  support::dice* roll;
  leat::timer event;
  leat::processing_timer a, b;
  std::int64_t* events;
  std::int64_t* number;

  void open(leat::setup& setup) {
    event = setup.timer("event");
    b = setup.processing_timer("b");
    a = setup.processing_timer("a");
  }
  void process(const item& i, leat::emitter<item>& out, leat::event_context& ctx) {
    change(i.key, ctx);
    emit(i.key, out);
  }
  void on_timer(const std::int64_t& key, const leat::timer&, leat::emitter<item>& out,
                leat::event_context& ctx) {
    CHECK(ctx.event_time() <= ctx.watermark());
    --*events;
    change(key, ctx);
    emit(key, out);
  }
  void on_timer(const std::int64_t& key, const leat::processing_timer& which,
                leat::emitter<item>& out, leat::event_context& ctx) {
    wanted->begin({ctx.due(), which == a ? 0 : 1, key}, ctx.now());
    change(key, ctx);
    if ((*roll)(0, 4) == 0 && ctx.watermark() > leat::begin_of_time)
      ctx.set(event, ctx.watermark()), ++*events;
    emit(key, out);
    wanted->end();
  }

  void change(std::int64_t key, leat::event_context& ctx) {
    for (int n = (*roll)(0, 4) - 1; n > 0; --n) {
      const alarm it{ctx.now() + (*roll)(-2, 8) * 1ms, (*roll)(0, 2), key};
      const auto& timer = it.name == 0 ? a : b;
      if ((*roll)(0, 3) > 0)
        ctx.set(timer, it.time), wanted->set(it);
      else
        ctx.cancel(timer, it.time), wanted->cancel(it);
    }
  }
  void emit(std::int64_t key, leat::emitter<item>& out) {
    for (int n = (*roll)(0, 4); n > 0; --n)
      out({key, (*number)++, 0});
  }
};

template <class Op>
std::unique_ptr<leat::stage> stage_of(Op op) {
  using stage = leat::keyed_stage<item, decltype(support::key_of_item), Op>;
  return std::make_unique<stage>(support::key_of_item, op, support::into_port<item>(),
                                 leat::side_ports{});
}

} // namespace

TEST_CASE("processing timers fire once, in order, between records, as soon as they are due") {
  std::uint64_t fired = 0;
  support::for_seeds(500, [&](support::dice roll) {
    expected wanted;
    std::int64_t events = 0, numbers = 0;
    support::hosted h;
    h.edge.credit_limit = {roll(1, 4), roll(1, 30), 1'000'000};
    h.edge.limits.records = roll.size(1, 6);
    REQUIRE(static_cast<bool>(
        h.open(stage_of(restless{&wanted, &roll, {}, {}, {}, &events, &numbers}))));
    const auto now = [&] { return h.clock.processing_now(); };
    const auto wake = [&] {
      for (bool again = true; again; again = roll.coin()) { // perhaps before it has fired all
        h.timers.clear();
        wanted.wake(now());
        h.stage->wake();
      }
      h.unblock();
      CHECK(wanted.now.empty());
    };
    std::int64_t time = 0;
    // Time may pass while it waits for credit, after it has promised what it has processed.
    const auto consume = [&](leat::frame f) {
      for (std::size_t next = 0, first = 0; next < f.size(); first = next, h.unblock()) {
        h.stage->consume(0, f, next, f.size());
        time += static_cast<std::int64_t>(next - first);
        if (!h.stage->blocked())
          continue;
        h.stage->stall(leat::all_before(at(time + 1)));
        h.clock.time += roll(0, 4'000'000);
        if (roll.coin())
          wake();
      }
    };
    for (int steps = roll(0, 60); steps > 0; --steps) {
      switch (roll(0, 5)) {
      case 0:
        h.flush();
        break;
      case 1:
        h.stage->advance(support::mark_at(at(time)));
        h.unblock();
        break;
      case 2:
        wake(); // not asked for
        break;
      case 3:
        consume(support::items_from(time + 1, 3, 4));
        break;
      default:
        h.clock.time += roll(0, 4'000'000);
      }
      // One request stands for all: the last, which is the earliest.
      CHECK(std::ranges::is_sorted(h.timers, std::greater_equal{}));
      while (!h.timers.empty() && h.timers.back() <= h.clock.time)
        wake();
      if (wanted.later.empty())
        continue;
      CHECK(wanted.later.begin()->time > now());
      REQUIRE_FALSE(h.timers.empty());
      CHECK(h.timers.back() <= h.clock.reading_at(wanted.later.begin()->time));
    }
    h.finish();
    h.stage->wake(); // it has ended
    CHECK(events == 0);
    CHECK(h.counters.timers_dropped == wanted.later.size());
    const auto sent = h.sent<item>();
    CHECK(std::ranges::is_sorted(sent, {}, &item::number));
    CHECK(sent.size() == static_cast<std::size_t>(numbers));
    CHECK(h.in_order());
    fired += wanted.fired;
  });
  CHECK(fired > 3'000);
}

TEST_CASE("what a processing timer emits stands just after what was processed or promised") {
  struct echo {
    using output_type = item;
    leat::processing_timer soon;
    void open(leat::setup& setup) { soon = setup.processing_timer("soon"); }
    void process(const item& i, leat::emitter<item>&, leat::context& ctx) {
      ctx.set(soon, ctx.now() + 1s * i.number);
    }
    void on_timer(const std::int64_t& key, const leat::processing_timer&, leat::emitter<item>& out,
                  leat::context& ctx) {
      out({key, ctx.due().time_since_epoch() / 1s, ctx.now().time_since_epoch() / 1s});
    }
  };
  support::hosted h;
  REQUIRE(static_cast<bool>(h.open(stage_of(echo{}))));
  h.consume(support::items_from(1, 2));
  CHECK(h.timers == std::vector<leat::clock_time>{2'000'000'000});
  h.clock.time = 2'000'000'000;
  h.stage->wake();
  h.flush();
  h.stage->advance(support::mark_at(at(7)));
  h.flush();
  h.clock.time = 5'000'000'000;
  h.stage->wake();
  h.flush();
  CHECK(h.sent<item>() == std::vector<item>{{0, 2, 2}, {0, 3, 5}});
  const auto stamps = h.stamps();
  CHECK(stamps[0] > at(2));
  CHECK(stamps[0] < at(3));
  CHECK(stamps[1] == at(7));
  CHECK(h.in_order());
  h.finish();
  CHECK(h.counters.timers_dropped == 0);
}

TEST_CASE("an operator that asks for processing timers and takes none is told so") {
  struct deaf {
    using output_type = item;
    void open(leat::setup& setup) { (void)setup.processing_timer("idle"); }
    void process(const item& i, leat::emitter<item>& out, leat::context&) { out(i); }
  };
  support::hosted h;
  try {
    (void)h.open(stage_of(deaf{}));
    FAIL("it opened");
  } catch (const leat::failure& e) {
    CHECK(e.error().what ==
          "the operator asks for processing timers, but has no on_timer for them");
  }
}

TEST_CASE("a processing timer that open did not set is named, and so is one that is refused") {
  struct careless {
    using output_type = item;
    leat::processing_timer known, unknown;
    void open(leat::setup& setup) { known = setup.processing_timer("known"); }
    void process(const item& i, leat::emitter<item>&, leat::context& ctx) {
      ctx.set(i.number == 1 ? known : unknown, ctx.now());
    }
    leat::result<void> on_timer(const std::int64_t&, const leat::processing_timer&,
                                leat::emitter<item>&, leat::context&) {
      return leat::user_error("not now");
    }
  };
  support::hosted h;
  REQUIRE(static_cast<bool>(h.open(stage_of(careless{}))));
  h.consume(support::items_from(1, 1));
  h.stage->wake();
  REQUIRE(h.letters.letters.size() == 1);
  CHECK(h.letters.letters[0].place == "processing_timer \"known\" at 1000000");
  try {
    h.consume(support::items_from(2, 1));
    FAIL("it was set");
  } catch (const leat::failure& e) {
    CHECK(e.error().what == "a leat::processing_timer was never set");
  }
}
