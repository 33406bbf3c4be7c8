// Swaps the batching of a running graph; the scores stay the same.   live_swap
#include <leat/connectors/memory/collect.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/job.hpp>

#include <fmt/format.h>

using namespace std::chrono_literals;

struct reading {
  double value = 0;
  static constexpr auto fields = leat::fields("reading", leat::field("value", &reading::value));
};
using scored_reading = leat::scored<reading, double>;

leat::graph squares(std::uint64_t count, leat::collect<scored_reading> into) {
  leat::graph g{"live_swap"};
  g.from("readings",
         leat::generate([](std::uint64_t n) { return reading{static_cast<double>(n)}; }, count,
                        20'000)) // records a second
      .window("pane", leat::record_at_a_time{})
      .score("square", [](const reading& r) { return r.value * r.value; })
      .to("out", into);
  return g;
}

int main() {
  const leat::collect<scored_reading> scores;
  // [region swap]
  auto job = leat::job::start(squares(20'000, scores));
  if (!job)
    return fmt::print(stderr, "{}\n", to_string(job.error())), 1;
  for (const leat::any_batching next :
       {leat::any_batching{leat::micro_batch{64, 2ms}}, leat::any_batching{leat::batch{}},
        leat::any_batching{leat::every{50ms}}, leat::any_batching{leat::record_at_a_time{}}})
    if (!job->wait_for(200ms)) // false: it has not ended
      if (const auto swapped = job->set_batching("pane", next); !swapped)
        return fmt::print(stderr, "{}\n", to_string(swapped.error())), 1;
  if (const auto ended = job->wait(); !ended)
    return fmt::print(stderr, "{}\n", to_string(ended.error())), 1;
  // [end]
  std::uint64_t wrong = 0;
  for (const scored_reading& s : scores.records())
    wrong += s.score != s.record.value * s.record.value;
  for (const auto& stage : job->metrics().stages)
    if (stage.name == "pane")
      fmt::print("{} records in {} panes, ", stage.records_in, stage.panes);
  fmt::print("{} scores, {} of them wrong\n", scores.records().size(), wrong);
  return 0;
}
