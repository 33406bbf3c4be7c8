#include <leat/control/job_watch.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace std::chrono_literals;

namespace {

job_report report(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds stalled,
                  std::uint64_t letters) {
  job_report r;
  r.elapsed = elapsed;
  r.stages = {{"items", stage_kind::source, 1, 1, 0, 0, 0},
              {"out", stage_kind::sink, 1, 0, 0, 0, 0}};
  r.edges = {{"items", "out", stalled}};
  r.dead_letters = letters;
  return r;
}

} // namespace

TEST_CASE("a watch tells changes only") {
  job_bus bus;
  std::vector<std::string> heard;
  bus.listen([&](const job_event& e) { heard.push_back(e.text + " <" + e.stage + ">"); });
  job_watch watch(bus, "x.jsonl");
  const auto look = [&](std::chrono::nanoseconds elapsed, std::chrono::nanoseconds stalled,
                        std::uint64_t letters) {
    heard.clear();
    watch.look(report(elapsed, stalled, letters));
    bus.deliver();
    return heard;
  };
  using list = std::vector<std::string>;
  CHECK(look(1s, 0s, 0) == list{});
  CHECK(look(2s, 900ms, 2) == list{"dead letters: 2 so far, in x.jsonl <>",
                                   "held up by out: items waited for it 90 % of the time <out>"});
  CHECK(look(3s, 1700ms, 2) == list{});
  CHECK(look(4s, 1800ms, 3) ==
        list{"dead letters: 3 so far, in x.jsonl <>", "no longer held up by out <out>"});
}
