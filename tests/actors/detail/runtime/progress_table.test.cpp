#include <leat/detail/runtime/progress_table.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

using support::at;
using support::mark_at;

namespace {

struct table : leat::progress_table {
  explicit table(std::size_t producers, std::size_t consumers)
      : progress_table(producers, consumers), woken(consumers) {
    for (std::size_t c = 0; c < consumers; ++c)
      attach(c, [this, c] { ++woken[c]; });
  }
  void publish(std::size_t producer, const leat::mark& m, std::vector<std::uint64_t> frames = {}) {
    frames.resize(woken.size());
    progress_table::publish(producer, m, 0, frames);
  }
  // What consumer 0 reads, as "producer:time/frames ...".
  std::string read() {
    std::string all;
    progress_table::read(0, [&](std::size_t p, const leat::mark& m, std::uint64_t frames) {
      all += std::to_string(p) + ':' + std::to_string(m.progress.time.time_since_epoch().count()) +
             '/' + std::to_string(frames) + ' ';
    });
    return all;
  }
  std::vector<int> woken;
};

} // namespace

TEST_CASE("consumers read what each producer promised last, and once") {
  table t(2, 1);
  CHECK(t.read().empty());
  t.publish(0, mark_at(at(5)), {3});
  CHECK(t.read() == "0:5/3 ");
  CHECK(t.read().empty());
  t.publish(1, mark_at(at(7)), {1});
  t.publish(0, mark_at(at(6)), {4});
  CHECK(t.read() == "0:6/4 1:7/1 ");
}

TEST_CASE("consumers are woken when the slowest producer gets on, and once until they look") {
  table t(3, 2);
  t.publish(0, mark_at(at(5)));
  t.publish(1, mark_at(at(5)));
  CHECK(t.woken == std::vector<int>{0, 0});
  t.publish(2, mark_at(at(3)));
  CHECK(t.woken == std::vector<int>{1, 1});
  t.publish(2, mark_at(at(4))); // nobody has looked
  CHECK(t.woken == std::vector<int>{1, 1});
  (void)t.read();
  t.publish(0, mark_at(at(9))); // not the slowest
  CHECK(t.woken == std::vector<int>{1, 1});
  t.publish(2, mark_at(at(5)));
  CHECK(t.woken == std::vector<int>{2, 1});
}

TEST_CASE("nobody waits for a producer that is idle, has ended, or runs elsewhere") {
  table t(3, 1);
  t.leave_out(2);
  t.publish(0, mark_at(at(5)));
  t.publish(1, mark_at(at(1), true));
  CHECK(t.woken == std::vector<int>{1});
  (void)t.read();
  t.publish(1, leat::end_mark);
  (void)t.read();
  t.publish(0, mark_at(at(6)));
  CHECK(t.woken.front() >= 2);
}

TEST_CASE("a producer that stalls wakes consumers although it has not got on") {
  table t(2, 1);
  t.publish(0, mark_at(at(5)));
  t.publish(1, mark_at(at(5)));
  (void)t.read();
  const int before = t.woken.front();
  leat::mark stalled = mark_at(at(5));
  stalled.stalled = true;
  t.publish(0, stalled);
  CHECK(t.woken.front() == before + 1);
  (void)t.read();
  t.publish(1, stalled); // known
  CHECK(t.woken.front() == before + 1);
}

TEST_CASE("a consumer that is gone is not woken") {
  table t(1, 1);
  t.attach(0, {});
  t.publish(0, mark_at(at(5)));
  CHECK(t.woken == std::vector<int>{0});
}

TEST_CASE("what all promise together counts once everything that was sent has arrived") {
  table t(2, 2);
  CHECK(t.read_together(0, 0) == leat::mark{});
  t.sends(0, 0);
  CHECK_FALSE(t.read_together(0, 0)); // the frame is on its way
  t.publish(0, mark_at(at(5)), {2, 0});
  t.publish(1, mark_at(at(7)));
  CHECK_FALSE(t.read_together(0, 1)); // a frame that waits for credit
  t.sends(0, 0);
  CHECK(t.read_together(0, 2) == mark_at(at(5)));
  CHECK(t.read_together(1, 0) == mark_at(at(5)));
  CHECK(t.read() == "0:5/2 1:7/0 "); // who each promised what is still new
  t.publish(0, mark_at(at(6), true));
  CHECK(t.read_together(0, 2) == mark_at(at(7)));
  t.publish(1, mark_at(at(8), true));
  CHECK(t.read_together(0, 2) == mark_at(at(8), true));
  t.leave_out(1);
  CHECK_FALSE(t.read_together(0, 2)); // it promises by message
}

TEST_CASE("looking at all together, too, a consumer is woken once more") {
  table t(1, 1);
  t.publish(0, mark_at(at(1)));
  CHECK(t.woken.front() == 1);
  (void)t.read_together(0, 0);
  t.publish(0, mark_at(at(2)));
  CHECK(t.woken.front() == 2);
}
