#include <leat/internal/observe/job_watch.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace std::chrono_literals;

namespace {

job_metrics metrics(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds stalled,
                    std::uint64_t letters) {
  job_metrics r;
  r.elapsed = elapsed;
  r.stages = {{"items", kinds::source, 1, 1, 0, 0, 0}, {"out", kinds::sink, 1, 0, 0, 0, 0}};
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
    watch.look(metrics(elapsed, stalled, letters));
    bus.deliver();
    return heard;
  };
  using list = std::vector<std::string>;
  CHECK(look(1s, 0s, 0) == list{});
  CHECK(look(2s, 900ms, 2) == list{"dead letters: 2 so far, in x.jsonl <>",
                                   "bottleneck out: items waited for it 90 % of the time <out>"});
  CHECK(look(3s, 1700ms, 2) == list{});
  CHECK(look(4s, 1800ms, 3) ==
        list{"dead letters: 3 so far, in x.jsonl <>", "out is no longer the bottleneck <out>"});
}

TEST_CASE("a watch warns of failed checkpoints, at most once a minute") {
  job_bus bus;
  std::vector<std::string> heard;
  bus.listen([&](const job_event& e) {
    CHECK(e.level == event_level::warning);
    heard.push_back(e.text);
  });
  job_watch watch(bus, "x.jsonl");
  const auto look = [&](std::chrono::seconds elapsed, std::uint64_t failed) {
    heard.clear();
    job_metrics r = metrics(elapsed, 0s, 0);
    r.checkpoints = checkpoint_metrics{.failed = failed, .last_error = "the disk is full"};
    watch.look(r);
    bus.deliver();
    return heard;
  };
  using list = std::vector<std::string>;
  CHECK(look(1s, 0) == list{});
  CHECK(look(2s, 1) == list{"checkpoints: 1 failed, the last one: the disk is full"});
  CHECK(look(3s, 1) == list{});
  CHECK(look(4s, 3) == list{});
  CHECK(look(63s, 3) == list{}); // none of late
  CHECK(look(64s, 4) == list{"checkpoints: 3 failed, the last one: the disk is full"});
  CHECK(look(65s, 2) == list{}); // those of another attempt
  CHECK(look(130s, 3) == list{"checkpoints: 3 failed, the last one: the disk is full"});

  watch.stopping("Ctrl-C again");
  CHECK(look(131s, 3) == list{});
  CHECK(look(132s, 4) ==
        list{"stopping: waiting for a checkpoint: 1 failed, the last one: the disk is full (mend "
             "the cause, such as by making room; Ctrl-C again to stop at once: the next start "
             "continues from the last complete one)"});
  CHECK(look(133s, 5) == list{});
  CHECK(look(191s, 60) == list{});
  const list again = look(192s, 61);
  REQUIRE(again.size() == 1);
  CHECK(again[0].starts_with("stopping: waiting for a checkpoint: 57 failed, "));
}

TEST_CASE("a watch warns once of a stage that waits, and tells when it goes on") {
  job_bus bus;
  std::vector<std::string> heard;
  bus.listen([&](const job_event& e) {
    heard.push_back((e.level == event_level::warning ? "warning: " : "") + e.text);
  });
  job_watch watch(bus, "x.jsonl");
  const auto look = [&](std::string waiting_for, std::uint64_t records = 1) {
    heard.clear();
    job_metrics r = metrics(1s, 0s, 0);
    r.stages[0].waiting_for = std::move(waiting_for);
    r.stages[0].records_in = records;
    watch.look(r);
    bus.deliver();
    return heard;
  };
  using list = std::vector<std::string>;
  CHECK(look("") == list{});
  CHECK(look("a server") == list{}); // perhaps for a moment only
  CHECK(look("a server, next try in 2 s") ==
        list{"warning: items is waiting: a server, next try in 2 s"});
  CHECK(look("a server, next try in 4 s") == list{});
  CHECK(look("input", 2) == list{"items is no longer waiting"}); // it read something
  CHECK(look("input", 2) == list{"items is waiting: input"});
  CHECK(look("", 2) == list{"items is no longer waiting"});
}

TEST_CASE("a watch names a long pause, and what a stop waits for") {
  job_bus bus;
  std::vector<std::string> heard;
  bus.listen([&](const job_event& e) {
    heard.push_back(e.text);
    CHECK(e.level == event_level::warning);
  });
  job_watch watch(bus, "x.jsonl");
  std::chrono::seconds elapsed{0};
  const auto look = [&](std::chrono::nanoseconds paused, std::size_t items, std::size_t out) {
    heard.clear();
    job_metrics r = metrics(elapsed += 1s, 0s, 0);
    r.stages[0].running = items;
    r.stages[1].running = out;
    r.stages[1].paused = paused;
    watch.look(r);
    bus.deliver();
    return heard;
  };
  using list = std::vector<std::string>;
  CHECK(look(0s, 1, 1) == list{});
  CHECK(look(4s, 1, 1) == list{});
  CHECK(look(5s, 1, 1) == list{"out has been paused for 5.00 s"});
  CHECK(look(6s, 1, 1) == list{}); // said
  CHECK(look(0s, 1, 1) == list{});
  watch.stopping("Ctrl-C again");
  CHECK(look(0s, 0, 1) == list{}); // it may end at once
  CHECK(look(2s, 0, 1) == list{"stopping: waiting for out, paused for 2.00 s"});
  CHECK(look(3s, 0, 1) == list{});
  CHECK(look(0s, 0, 0) == list{});
}
