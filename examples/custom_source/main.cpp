// A custom source with several splits that are read side by side.   custom_source run
#include <leat/connectors/console/print.hpp>
#include <leat/run.hpp>

struct tick {
  leat::event_time time;
  std::string market;
  static constexpr auto fields =
      leat::fields("tick", leat::field("time", &tick::time), leat::field("market", &tick::market));
};

// [region source]
// Reads one split. Emits up to `demand` records, and returns whether there are more.
struct market_reader {
  std::string market;
  std::chrono::seconds between;
  int left = 3;
  leat::event_time next{};

  leat::pull_status pull(std::size_t demand, leat::emitter<tick>& out) {
    for (; demand > 0 && left > 0; --demand, --left)
      out({next += between, market});
    return left > 0 ? leat::pull_status::more() : leat::pull_status::done();
  }
};

struct markets {
  using record_type = tick;
  std::vector<market_reader> splits() const {
    using namespace std::chrono_literals;
    return {{"london", 2s}, {"paris", 3s}};
  }
};
// [end]

int main(int argc, char** argv) {
  leat::graph g{"custom_source"};
  // [region graph]
  // Records of several splits come in the order of their event times.
  g.from("markets", markets{}, leat::event_time_by{[](const tick& t) { return t.time; }})
      .to("out", leat::print_sink{});
  // [end]
  return leat::run(std::move(g), argc, argv);
}
