// An operator with a second output, which rejects an invalid record.   side_output run
#include <leat/connectors/console/print.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>

#include <cmath>

struct reading {
  std::uint32_t sensor = 0;
  double value = 0;
  static constexpr auto fields = leat::fields("reading", leat::field("sensor", &reading::sensor),
                                              leat::field("value", &reading::value));
};

/// Three sensors that rise from 0 to 9 and fall; one reading is broken.
reading nth_reading(std::uint64_t n) {
  return {static_cast<std::uint32_t>(n % 3), n == 5 ? NAN : static_cast<double>(n % 10)};
}

// [region operator]
struct watched_average {
  using output_type = reading;
  leat::value_state<double> average;
  leat::side_output<reading> jumps;

  void open(leat::setup& setup) {
    average = setup.value<double>("average");
    jumps = setup.side<reading>("jumps");
  }

  leat::result<void> process(const reading& r, leat::emitter<reading>& out, leat::context& ctx) {
    if (!std::isfinite(r.value))
      return leat::user_error("the value is not a number"); // a dead letter: the job goes on
    double& a = ctx.edit(average);
    if (std::abs(r.value - a) > 8)
      jumps(r);
    a += 0.1 * (r.value - a);
    out({r.sensor, a});
    return {};
  }
};
// [end]

int main(int argc, char** argv) {
  leat::graph g{"side_output"};
  // [region graph]
  const auto averages = g.from("readings", leat::generate(nth_reading, 12))
                            .key_by([](const reading& r) { return r.sensor; })
                            .process("average", watched_average{});
  averages.to("averages", leat::print_sink{});
  averages.side<reading>("jumps").to("jumps", leat::print_sink{"jump: "});
  // [end]
  return leat::run(std::move(g), argc, argv);
}
