// A custom operator: the running average of each sensor.   custom_operator run
#include <leat/connectors/console/print.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>

struct reading {
  std::uint32_t sensor = 0;
  double value = 0;
  static constexpr auto fields = leat::fields("reading", leat::field("sensor", &reading::sensor),
                                              leat::field("value", &reading::value));
};

reading nth_reading(std::uint64_t n) {
  return {static_cast<std::uint32_t>(n % 3), static_cast<double>(n % 10)};
}

// [region operator]
// A plain struct with one verb. Its memory is declared state, which is kept by key.
struct running_average {
  using output_type = reading;
  leat::value_state<double> average;

  void open(leat::setup& setup) { average = setup.value<double>("average"); }
  void process(const reading& r, leat::emitter<reading>& out, leat::context& ctx) {
    double& a = ctx.edit(average); // of this reading's sensor
    out({r.sensor, a += 0.1 * (r.value - a)});
  }
};
// [end]

int main(int argc, char** argv) {
  leat::graph g{"custom_operator"};
  // [region graph]
  g.from("readings", leat::generate(nth_reading, 12))
      .key_by([](const reading& r) { return r.sensor; })
      .process("average", running_average{})
      .to("out", leat::print_sink{});
  // [end]
  return leat::run(std::move(g), argc, argv);
}
