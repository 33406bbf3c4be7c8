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
// The readings of a sensor so far.
struct total {
  std::uint32_t sensor = 0;
  double count = 0;
  double sum = 0;
  static constexpr auto fields =
      leat::fields("total", leat::field("sensor", &total::sensor),
                   leat::field("count", &total::count), leat::field("sum", &total::sum));
};

// Each subtask has its own copy. Records are passed in spans, not one by one.
class averages {
public:
  leat::result<void> open(const leat::sink_context& place) {
    place_ = place; // which copy this is: its stage, and subtask i of n
    return {};
  }
  void write(std::span<const reading> readings) {
    for (const reading& r : readings)
      add({r.sensor, 1, r.value});
  }
  // The input of this epoch has ended: what is to be published of it?
  std::vector<total> prepare(leat::epoch) {
    std::vector<total> all;
    for (const auto& [sensor, t] : totals_)
      all.push_back(t);
    return all;
  }
  // The job has decided to publish it.
  void commit(const std::vector<total>& all) {
    for (const total& t : all)
      fmt::print("{}: sensor {} {:.1f}\n", place_.stage, t.sensor, t.sum / t.count);
  }
  // After a restart: what was prepared last.
  void restore(const std::vector<total>& all) {
    for (const total& t : all)
      add(t);
  }

private:
  void add(const total& t) {
    total& to = totals_.try_emplace(t.sensor, total{t.sensor}).first->second;
    to.count += t.count;
    to.sum += t.sum;
  }

  leat::sink_context place_;
  std::map<std::uint32_t, total> totals_; // by sensor
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
