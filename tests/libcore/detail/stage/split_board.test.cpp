#include <leat/detail/stage/split_board.hpp>

#include "support/catch.hpp"

using leat::from_micros;
using leat::split_state;

TEST_CASE("the slowest active split is named, with the time since when it has not got on") {
  leat::split_board board;
  CHECK(!board.read().slowest);
  auto& a = board.add("a", 10);
  auto& b = board.add("b", 10);
  auto& c = board.add("c", 10);
  a.set(from_micros(100), split_state::reading, 20);
  b.set(from_micros(50), split_state::silent, 30);
  c.set(from_micros(7), split_state::idle, 40);
  b.set(from_micros(50), split_state::silent, 60);
  leat::split_summary s = board.read();
  CHECK(s.active == 2);
  CHECK(s.idle == 1);
  CHECK(s.furthest == from_micros(100));
  REQUIRE(s.slowest);
  CHECK(s.slowest->name == "b");
  CHECK(s.slowest->time == from_micros(50));
  CHECK(s.slowest->since == 30);
  CHECK(s.slowest->silent);

  b.set(from_micros(50), split_state::finished, 70);
  a.set(from_micros(120), split_state::held, 80);
  s = board.read();
  CHECK(s.active == 1);
  CHECK(s.held == 1);
  CHECK(s.finished == 1);
  REQUIRE(s.slowest);
  CHECK(s.slowest->name == "a");
  CHECK(s.slowest->since == 80);
  CHECK(!s.slowest->silent);
}

TEST_CASE("of splits that have come as far, a silent one is named") {
  leat::split_board board;
  board.add("a", 0).set(from_micros(5), split_state::reading, 1);
  board.add("b", 0).set(from_micros(5), split_state::silent, 1);
  board.add("c", 0).set(from_micros(5), split_state::reading, 1);
  CHECK(board.read().slowest->name == "b");
}

TEST_CASE("a board shows what that of another process has read") {
  leat::split_board here, there;
  there.add("a", 3).set(from_micros(5), split_state::silent, 4);
  here.report(there.read());
  CHECK(here.read().active == 1);
  REQUIRE(here.read().slowest);
  CHECK(here.read().slowest->name == "a");
  CHECK(here.read().slowest->since == 4);
}
