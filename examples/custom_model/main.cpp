// A custom model: any struct that scores a pane of records.   custom_model run
#include <leat/connectors/console/print.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>

struct reading {
  double value = 0;
  static constexpr auto fields = leat::fields("reading", leat::field("value", &reading::value));
};

// [region model]
// Called with one record or with many, depending on the windowing actor; a score depends on its
// record alone. Several threads may call it at once.
struct distance_from {
  using score_type = double;
  double normal;
  void predict(std::span<const reading> rows, std::span<double> scores) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      scores[i] = rows[i].value < normal ? normal - rows[i].value : rows[i].value - normal;
  }
};
// [end]

int main(int argc, char** argv) {
  leat::graph g{"custom_model"};
  // [region graph]
  g.from("readings",
         leat::generate([](std::uint64_t n) { return reading{static_cast<double>(n)}; }, 8))
      .window("pane", leat::record_at_a_time{})
      .score("distance", distance_from{5})
      .filter("far", [](const leat::scored<reading, double>& s) { return s.score > 2; })
      .to("out", leat::print_sink{});
  // [end]
  return leat::run(std::move(g), argc, argv);
}
