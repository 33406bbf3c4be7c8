#include <leat/detail/transport/credit.hpp>

#include "support/catch.hpp"

#include <deque>
#include <rapidcheck.h>

TEST_CASE("a window is open while all kinds of credit are above zero") {
  leat::credit_window w{{2, 10, 100}};
  CHECK(w.open());
  w.spend({1, 10, 1});
  CHECK_FALSE(w.open());
  w.grant({0, 1, 0});
  CHECK(w.open());
  w.spend({1, 500, 1}); // overdraws
  w.grant({1, 490, 0});
  CHECK_FALSE(w.open());
  CHECK(w.left().records == -9);
  w.grant({0, 10, 0});
  CHECK(w.open());
}

TEST_CASE("credit comes back in lumps of a quarter of the window, of whatever kind") {
  leat::credit_return due{{8, 100, 1000}};
  CHECK(due.empty());
  due.entered({1, 24, 10});
  CHECK_FALSE(due.worth_granting());
  due.entered({0, 1, 0});
  CHECK(due.worth_granting());
  CHECK(due.take() == leat::credit{1, 25, 10});
  CHECK(due.empty());
  due.entered({2, 2, 2});
  CHECK(due.worth_granting());
  CHECK(due.take() == leat::credit{2, 2, 2});
  due.entered({1, 1, 250});
  CHECK(due.worth_granting());
}

TEST_CASE("lumps never leave both sides waiting, and no lane overdraws by more than one frame") {
  CHECK(rc::check([] {
    const leat::credit window{*rc::gen::inRange(1, 20), *rc::gen::inRange(1, 300),
                              *rc::gen::inRange(1, 3000)};
    leat::credit_window sender{window};
    leat::credit_return receiver{window};
    std::deque<leat::credit> in_flight;
    leat::credit out; // sent and not returned
    for (int steps = 0; steps < 300; ++steps) {
      if (sender.open() && *rc::gen::arbitrary<bool>()) {
        const auto records = *rc::gen::inRange<std::int64_t>(1, 400);
        const leat::credit frame{1, records, records * 10};
        RC_ASSERT(out.frames < window.frames && out.records < window.records &&
                  out.bytes < window.bytes);
        sender.spend(frame);
        RC_ASSERT(receiver.arrived(frame));
        in_flight.push_back(frame);
        out += frame;
      } else if (!in_flight.empty()) {
        receiver.entered(in_flight.front());
        in_flight.pop_front();
        if (receiver.worth_granting()) {
          const leat::credit back = receiver.take();
          RC_ASSERT(sender.grant(back));
          out -= back;
        }
      }
      if (in_flight.empty())
        RC_ASSERT(sender.open());
    }
  }));
}

TEST_CASE("both sides see who does not keep to the window") {
  const leat::credit window{4, 100, 1000}, frame{1, 60, 60};
  leat::credit_return receiver{window};
  CHECK(receiver.arrived(frame));
  CHECK(receiver.arrived(frame));       // overdraws, as one frame may
  CHECK_FALSE(receiver.arrived(frame)); // without credit
  leat::credit_window sender{window};
  sender.spend(frame);
  CHECK(sender.grant(frame));
  CHECK_FALSE(sender.grant({0, 1, 0})); // more than was spent
}
