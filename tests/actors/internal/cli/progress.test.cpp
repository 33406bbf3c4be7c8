#include <leat/internal/cli/progress.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t wide = 200;

job_metrics metrics(std::chrono::nanoseconds elapsed, std::uint64_t records,
                    std::chrono::nanoseconds stalled = 0ns) {
  job_metrics r;
  r.elapsed = elapsed;
  r.stages = {{"payments", kinds::source, records, records, 0, 0, 0},
              {"alerts", kinds::sink, records, 0, 0, 0, 0}};
  r.edges = {{"payments", "alerts", stalled}};
  return r;
}

/// What is printed by `talk`.
template <class Talk>
std::string printed(Talk talk) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const stream = open_memstream(&text, &size);
  talk(stream);
  std::fclose(stream);
  std::string all(text, size);
  std::free(text);
  return all;
}

} // namespace

TEST_CASE("progress tells the rate since the earlier metrics") {
  CHECK(progress_text({}, metrics(500ms, 1000), wide) == "0.5 s  1 000 records  2.00 k/s");
  CHECK(progress_text(metrics(12s, 1'000'000), metrics(13s, 2'234'567), wide) ==
        "13.0 s  2 234 567 records  1.23 M/s");
  CHECK(progress_text({}, metrics(0s, 0), wide) == "0.0 s  0 records  0/s");
}

TEST_CASE("progress tells latency, dead letters and who holds the job up when there are") {
  job_metrics now = metrics(62s, 2000, 950ms);
  now.has_latency = true;
  now.latency_p99 = 4'803'211;
  now.dead_letters = 1;
  CHECK(progress_text(metrics(61s, 1500, 20ms), now, wide) ==
        "1:02  2 000 records  500/s  p99 4.80 ms  1 dead letter  bottleneck alerts (93 %)");
  now.dead_letters = 1200;
  CHECK(progress_text(metrics(61s, 1500, 950ms), now, wide) ==
        "1:02  2 000 records  500/s  p99 4.80 ms  1 200 dead letters");
}

TEST_CASE("progress names a stage that waits and reads nothing meanwhile") {
  job_metrics before = metrics(61s, 2000), now = metrics(62s, 2000);
  now.stages[0].waiting_for = "connecting to tcp://feed:1";
  CHECK(progress_text(before, now, wide).ends_with(" is waiting: connecting to tcp://feed:1"));
  now = metrics(62s, 2001);
  now.stages[0].waiting_for = "connecting to tcp://feed:1";
  CHECK(progress_text(before, now, wide).find("waiting") == std::string::npos);
}

TEST_CASE("progress names the first stage that a silent split holds back, and the split") {
  job_metrics now = metrics(62s, 2000);
  now.stages[1].inputs = {
      {.from = "payments",
       .watermark = from_seconds(50),
       .held_back_by = slowest_split{"payments", "eu.csv", from_seconds(60), 12s, true},
       .furthest = from_seconds(90)}};
  CHECK(progress_text(metrics(61s, 2000), now, wide) ==
        "1:02  2 000 records  0/s  alerts is held back by split eu.csv of payments, at "
        "1970-01-01T00:01:00Z for 12.0 s");
  now.stages[1].inputs[0].held_back_by->silent = false;
  CHECK(progress_text(metrics(61s, 2000), now, wide) == "1:02  2 000 records  0/s");
}

TEST_CASE("progress names the busiest stage and a paused one where no edge stalls") {
  job_metrics now = metrics(62s, 2000);
  now.stages[1].busy = 980ms;
  now.stages[1].paused = 2500ms;
  CHECK(progress_text(metrics(61s, 1500), now, wide) ==
        "1:02  2 000 records  500/s  bottleneck alerts (busy 98 %)  alerts paused for 2.50 s");
}

TEST_CASE("progress fits into narrow terminals") {
  job_metrics now = metrics(1s, 2000);
  now.has_latency = true;
  now.latency_p99 = 12'300;
  CHECK(progress_text({}, now, 39) == "1.0 s  2 000 records  2.00 k/s  p99 12.");
  CHECK(progress_text({}, now, 42) == "1.0 s  2 000 records  2.00 k/s  p99 12.3 µ");
  CHECK(progress_text({}, now, 0).empty());
}

TEST_CASE("elsewhere than on a terminal each line is a new one, with the rate of the last second") {
  CHECK(printed([](std::FILE* stream) {
          CHECK(!is_live_terminal(stream));
          progress_line line(stream);
          CHECK(line.interval() == 1s);
          line.show(metrics(500ms, 100));
          line.show(metrics(1000ms, 200));
          line.show(metrics(1500ms, 500));
          line.show(metrics(2000ms, 800));
          line.clear();
        }) == "0.5 s  100 records  200/s\n"
              "1.0 s  200 records  200/s\n"
              "1.5 s  500 records  400/s\n"
              "2.0 s  800 records  600/s\n");
}
