#include <leat/detail/stage/split_reader.hpp>

#include "support/reading.hpp"

using support::item;
using support::reading;
using support::start_unthreaded;
using support::text_item;
using support::text_splits;
using support::texts;
using support::time_of_text;
using support::unthreaded;

namespace {

// One that cannot be cancelled, and one that can.
struct deaf {
  using record_type = item;
  static constexpr bool blocking = true;
  leat::pull_status pull(std::size_t, leat::emitter<item>&) { return leat::pull_status::done(); }
};
struct hearing : deaf {
  int* cancelled;
  explicit hearing(int* c) : cancelled(c) {}
  void cancel() { ++*cancelled; }
};

} // namespace

TEST_CASE("a reader on a thread brings what it brings in place") {
  support::for_seeds(200, [](support::dice roll) {
    text_splits source = support::some_texts(roll, true);
    const leat::frame_limits limits{roll.size(1, 40), roll.size(100, 2000)};
    const auto read = [&](reading<text_splits, decltype(leat::event_time_by{time_of_text})>& r) {
      r.edge.limits = limits;
      r.pull_all();
      REQUIRE(r.counters.waiting->text().empty());
      std::vector<std::string> letters;
      for (const leat::dead_letter& l : r.letters.letters)
        letters.push_back(l.stage + '|' + l.place + '|' + l.reason + '|' + l.raw);
      std::ranges::sort(letters); // of several splits
      return letters;
    };
    reading in_place(source, leat::event_time_by{time_of_text});
    const auto letters = read(in_place);

    std::size_t blocking = 0, started = 0;
    for (texts& t : source.all)
      blocking += !(t.in_place = roll(0, 4) == 0);
    reading apart(source, leat::event_time_by{time_of_text});
    apart.services.read_apart = start_unthreaded(started);
    REQUIRE(read(apart) == letters);
    REQUIRE(started == blocking);
    REQUIRE(apart.sent<text_item>() == in_place.sent<text_item>());
    REQUIRE(apart.stamps() == in_place.stamps());
    REQUIRE(apart.counters.records_in == in_place.counters.records_in);
  });
}

TEST_CASE("what a reader waits for is shown until its next record") {
  for (const bool on_thread : {false, true}) {
    INFO(on_thread);
    std::size_t started = 0;
    reading r(texts{{{1, "a"}, {2, "?"}, {3, "b"}}});
    if (on_thread)
      r.services.read_apart = start_unthreaded(started);
    r.edge.limits.records = 1;
    r.begin();
    (void)r.pull();
    CHECK(r.counters.waiting->text().empty());
    CHECK(r.pull().is_idle());
    CHECK(r.counters.waiting->text() == "?");
    (void)r.pull();
    CHECK(r.counters.waiting->text().empty());
  }
}

TEST_CASE("a reader on a thread is cancelled by its own cancel()") {
  const auto cancel = [](auto source) {
    std::shared_ptr<leat::blocking_reader> reader;
    reading r(std::move(source));
    r.services.read_apart = [&](std::shared_ptr<leat::blocking_reader> one, leat::waker wake) {
      return std::make_unique<unthreaded>(reader = std::move(one), std::move(wake), false);
    };
    r.begin();
    (void)r.pull();
    return reader->cancel();
  };
  int cancelled = 0;
  CHECK(cancel(hearing(&cancelled)));
  CHECK(cancelled == 1);
  CHECK_FALSE(cancel(deaf{}));
}
