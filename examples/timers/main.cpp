// Timers: reports sensors that have sent nothing for ten seconds.   timers run
#include <leat/connectors/console/print.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>

using namespace std::chrono_literals;

struct reading {
  std::uint32_t sensor = 0;
  leat::event_time time;
  static constexpr auto fields = leat::fields("reading", leat::field("sensor", &reading::sensor),
                                              leat::field("time", &reading::time));
};

struct silence {
  std::uint32_t sensor = 0;
  leat::event_time since;
  static constexpr auto fields = leat::fields("silence", leat::field("sensor", &silence::sensor),
                                              leat::field("since", &silence::since));
};

// One reading per second: every second one from sensor 0, the others from 20 sensors in turn.
reading nth_reading(std::uint64_t n) {
  const auto sensor = static_cast<std::uint32_t>(n % 2 == 0 ? 0 : 1 + n / 2 % 20);
  return {sensor, leat::from_seconds(static_cast<std::int64_t>(n))};
}

// [region operator]
struct silence_alarm {
  using output_type = silence;
  leat::value_state<leat::event_time> last;
  leat::timer silent;

  void open(leat::setup& setup) {
    last = setup.value<leat::event_time>("last");
    silent = setup.timer("silent");
  }
  void process(const reading& r, leat::emitter<silence>&, leat::event_context& ctx) {
    ctx.cancel(silent, ctx.get(last) + 10s);
    ctx.set(silent, (ctx.edit(last) = r.time) + 10s);
  }
  void on_timer(const std::uint32_t& sensor, const leat::timer&, leat::emitter<silence>& out,
                leat::event_context& ctx) {
    out({sensor, ctx.get(last)});
  }
};
// [end]

int main(int argc, char** argv) {
  leat::graph g{"timers"};
  g.from("readings", leat::generate(nth_reading, 60),
         leat::event_time_by{[](const reading& r) { return r.time; }})
      .key_by([](const reading& r) { return r.sensor; })
      .process("silence", silence_alarm{})
      .to("out", leat::print_sink{});
  return leat::run(std::move(g), argc, argv);
}
