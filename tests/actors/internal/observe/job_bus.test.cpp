#include <leat/internal/observe/job_bus.hpp>

#include "support/catch.hpp"

#include <thread>

using namespace leat;
using namespace std::chrono_literals;

TEST_CASE("events of all threads are heard in the one that delivers, each thread's in order") {
  job_bus bus;
  const auto here = std::this_thread::get_id();
  std::vector<std::string> heard[2];
  std::size_t second = 0;
  bus.listen([&](const job_event& e) {
    CHECK(std::this_thread::get_id() == here);
    heard[e.stage == "b"].push_back(e.text);
  });
  bus.listen([&](const job_event&) { ++second; });
  const auto publish = [&](const char* stage) {
    for (int i = 0; i < 500; ++i)
      bus.publish(event_level::info, event_kind::bottleneck, std::to_string(i), stage);
  };
  std::thread a([&] { publish("a"); }), b([&] { publish("b"); });
  while (heard[0].size() + heard[1].size() < 1000)
    bus.deliver();
  a.join();
  b.join();
  std::vector<std::string> all;
  for (int i = 0; i < 500; ++i)
    all.push_back(std::to_string(i));
  CHECK(heard[0] == all);
  CHECK(heard[1] == all);
  CHECK(second == 1000);
}

TEST_CASE("a listener may publish: it is heard next time") {
  job_bus bus;
  int heard = 0;
  bus.listen([&](const job_event&) {
    if (++heard == 1)
      bus.publish(event_level::info, event_kind::metrics, "more");
  });
  bus.publish(event_level::warning, event_kind::stopping, "first");
  bus.deliver();
  CHECK(heard == 1);
  bus.deliver();
  CHECK(heard == 2);
}

TEST_CASE("one snapshot serves all who are due, and none is taken for nobody") {
  job_bus bus;
  int taken = 0, seen = 0;
  const auto snapshot = [&] { return ++taken, job_metrics{}; };
  bus.turn(snapshot);
  CHECK(taken == 0);
  bus.observe(0ms, [&](const job_metrics&) { ++seen; });
  bus.observe(0ms, [&](const job_metrics&) { ++seen; });
  bus.observe(1h, [&](const job_metrics&) { seen += 100; });
  bus.turn(snapshot);
  CHECK(taken == 1);
  CHECK(seen == 2);
}

TEST_CASE("levels have names") {
  CHECK(*parse_event_level("error") == event_level::error);
  CHECK(*parse_event_level("warning") == event_level::warning);
  CHECK(*parse_event_level("info") == event_level::info);
  CHECK(!parse_event_level("loud"));
}
