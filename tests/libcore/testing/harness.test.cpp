#include <leat/testing/harness.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

using leat::testing::check_operator;
using support::item;
using namespace std::chrono_literals;

namespace {

struct reading {
  std::uint32_t sensor = 0;
  static constexpr auto fields = leat::fields("reading", leat::field("sensor", &reading::sensor));
};

struct outage {
  std::uint32_t sensor = 0;
  leat::processing_time since;
  static constexpr auto fields = leat::fields("outage", leat::field("sensor", &outage::sensor),
                                              leat::field("since", &outage::since));
};

// [region processing_timer]
struct outage_alarm {
  using output_type = outage;
  leat::value_state<leat::processing_time> last;
  leat::processing_timer silent;

  void open(leat::setup& setup) {
    last = setup.value<leat::processing_time>("last");
    silent = setup.processing_timer("silent");
  }
  void process(const reading&, leat::emitter<outage>&, leat::context& ctx) {
    ctx.cancel(silent, ctx.get(last) + 10s);
    ctx.set(silent, (ctx.edit(last) = ctx.now()) + 10s);
  }
  void on_timer(const std::uint32_t& sensor, const leat::processing_timer&,
                leat::emitter<outage>& out, leat::context& ctx) {
    out({sensor, ctx.get(last)});
  }
};
// [end]

std::string complaint(const auto& check) {
  try {
    check();
  } catch (const leat::failure& e) {
    return e.error().what;
  }
  return "none";
}

} // namespace

TEST_CASE("an operator that depends on its records alone passes, and its output comes back") {
  struct counting {
    using output_type = item;
    leat::value_state<std::int64_t> count;
    void open(leat::setup& setup) { count = setup.value<std::int64_t>("count"); }
    void process(const item& i, leat::emitter<item>& out, leat::context& ctx) {
      for (std::int64_t n = 0; n < i.number % 4; ++n)
        out({i.key, i.number, ++ctx.edit(count)});
    }
  };
  const auto got = check_operator(counting{}, support::key_of_item,
                                  std::vector<item>{{1, 3}, {2, 1}, {1, 4}, {1, 6}});
  CHECK(got == std::vector<item>{{1, 3, 1}, {1, 3, 2}, {1, 3, 3}, {2, 1, 1}, {1, 6, 4}, {1, 6, 5}});
  CHECK(check_operator(counting{}, support::key_of_item, std::vector<item>{}).empty());
}

TEST_CASE("marks and barriers may stand between records") {
  struct watching {
    using output_type = item;
    void process(const item& i, leat::emitter<item>& out, leat::context&) { out(i); }
  };
  using input = leat::testing::input<item>;
  const auto got = check_operator(
      watching{}, support::key_of_item,
      std::vector<input>{item{1, 1}, leat::mark{leat::testing::stamp_of(1), false, false},
                         leat::barrier{1, {}}, item{1, 2}});
  CHECK(got[1] == item{1, 2});
}

TEST_CASE("an operator that reads event times is given them, whatever the cuts") {
  struct watching {
    using output_type = item;
    void process(const item& i, leat::emitter<item>& out, leat::event_context& ctx) {
      out({ctx.at().time.time_since_epoch().count(), i.number,
           ctx.watermark().time_since_epoch().count()});
    }
  };
  using std::chrono::microseconds;
  const auto got = check_operator(
      watching{}, support::key_of_item, std::vector<item>{{1, 10}, {2, 30}, {1, 20}},
      {[](const item& i) { return leat::event_time{microseconds{i.number}}; }, microseconds{4}});
  CHECK(got == std::vector<item>{{10, 10, 6}, {30, 30, 26}, {30, 20, 26}});
}

TEST_CASE("an operator whose output depends on frames or on time is found out") {
  struct impatient { // emits what it has gathered only with a later record
    using output_type = item;
    const leat::clock_time* now;
    void process(const item& i, leat::emitter<item>& out, leat::context&) {
      out(i);
      if (out.full())
        out({i.key, i.number, -1});
    }
  };
  CHECK(complaint([] {
          check_operator(impatient{nullptr}, support::key_of_item, support::numbered(1000));
        }).find("records came out") != std::string::npos);
}

TEST_CASE("a stage that breaks its contract is found out") {
  struct hasty final : leat::producing_stage<item> { // passes marks on before the records
    using leat::producing_stage<item>::producing_stage;
    void consume(std::size_t, leat::frame& f, std::size_t& next, std::size_t end) override {
      advance_ports({f.records->envelopes.stamp_of(end - 1), {}, false});
      stage::flush();
      for (; next < end; ++next) {
        out_.descend_from({f.records->envelopes.stamp_of(next)}, false);
        out_(f.as<item>()[next]);
      }
    }
  };
  std::vector<leat::testing::input<item>> records;
  for (const item& i : support::numbered(5))
    records.push_back(i);
  const auto run = [&] {
    return leat::testing::run_stage<item, item>(
        [](leat::fanout to) -> std::unique_ptr<leat::stage> {
          return std::make_unique<hasty>(std::move(to));
        },
        records);
  };
  CHECK(complaint(run) == "a mark overtook records");
}

TEST_CASE("processing timers fire when time passes, whatever the cuts") {
  // [region elapse]
  using leat::testing::elapse;
  const std::vector<leat::testing::input<reading>> input{reading{1}, reading{2}, elapse{6s},
                                                         reading{1}, elapse{5s}, reading{3}};
  const auto outages = check_operator(
      outage_alarm{}, [](const reading& r) { return r.sensor; }, input);
  REQUIRE(outages.size() == 1); // 1 was heard of again, and 3 has just come
  CHECK(outages[0].sensor == 2);
  // [end]
  CHECK(outages[0].since == leat::processing_time{1s});
}

TEST_CASE("several timers between two records fire whatever the credit") {
  struct reminding {
    using output_type = item;
    leat::timer due;
    void open(leat::setup& setup) { due = setup.timer("due"); }
    void process(const item&, leat::emitter<item>&, leat::event_context& ctx) {
      for (const auto delay : {1us, 2us, 3us})
        ctx.set(due, ctx.event_time() + delay);
    }
    void on_timer(std::int64_t key, const leat::timer&, leat::emitter<item>& out,
                  leat::event_context& ctx) {
      out({key, ctx.event_time().time_since_epoch().count(), 0});
    }
  };
  const auto got =
      check_operator(reminding{}, support::key_of_item, std::vector<item>{{1, 10}, {1, 20}},
                     {[](const item& i) { return leat::from_micros(i.number); }});
  CHECK(got == std::vector<item>{{1, 11}, {1, 12}, {1, 13}, {1, 21}, {1, 22}, {1, 23}});
}
