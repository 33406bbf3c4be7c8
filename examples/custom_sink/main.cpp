// A custom sink: averages, and prints the averages at the end.   custom_sink run
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>

#include <fmt/format.h>

struct reading {
  std::uint32_t sensor = 0;
  double value = 0;
  static constexpr auto fields = leat::fields("reading", leat::field("sensor", &reading::sensor),
                                              leat::field("value", &reading::value));
};

// [region sink]
// Each subtask has its own copy. Records are passed in spans, not one by one.
class averages {
public:
  leat::result<void> open(const leat::sink_context& place) {
    place_ = place; // which copy this is: its stage, and subtask i of n
    return {};
  }
  void write(std::span<const reading> readings) {
    for (const reading& r : readings) {
      sums_[r.sensor] += r.value;
      ++counts_[r.sensor];
    }
  }
  void commit() { // after the whole job has ended well
    for (const auto& [sensor, sum] : sums_)
      fmt::print("{}: sensor {} {:.1f}\n", place_.stage, sensor, sum / counts_[sensor]);
  }

private:
  leat::sink_context place_;
  std::map<std::uint32_t, double> sums_;
  std::map<std::uint32_t, double> counts_;
};
// [end]

int main(int argc, char** argv) {
  leat::graph g{"custom_sink"};
  g.from("readings",
         leat::generate(
             [](std::uint64_t n) {
               return reading{static_cast<std::uint32_t>(n % 3), static_cast<double>(n % 10)};
             },
             3000))
      .to("averages", averages{});
  return leat::run(std::move(g), argc, argv);
}
