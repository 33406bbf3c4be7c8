#include <leat/operator.hpp>
#include <leat/state.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <map>

namespace {

template <class K>
leat::state_slot slot_of(leat::key_slots<K>& slots, const K& key) {
  return slots.slot_of(key, leat::key_hash(key));
}

} // namespace

TEST_CASE("each key has a slot of its own, for good") {
  CHECK(rc::check([] {
    leat::key_slots<std::string> slots;
    std::map<std::string, leat::state_slot> naive;
    for (int n = *rc::gen::inRange(0, 2000); n > 0; --n) {
      const std::string key = std::to_string(*rc::gen::inRange(0, 500));
      const auto next = static_cast<leat::state_slot>(naive.size());
      const auto [known, fresh] = naive.emplace(key, next);
      RC_ASSERT(slot_of(slots, key) == known->second);
      RC_ASSERT(slots.size() == naive.size());
    }
  }));
}

TEST_CASE("many keys of one group are no burden") {
  leat::key_slots<std::int64_t> slots;
  leat::state_slot next = 0;
  for (std::int64_t key = 0; next < 20'000; ++key)
    if (leat::key_group_of(leat::key_hash(key)) == 17)
      REQUIRE(slot_of(slots, key) == next++);
}

TEST_CASE("keys are equal as their hashes are") {
  leat::key_slots<double> numbers;
  CHECK(slot_of(numbers, 0.0) == slot_of(numbers, -0.0));
  CHECK(slot_of(numbers, std::nan("1")) == slot_of(numbers, -std::nan("2")));
  CHECK(numbers.size() == 2);

  leat::key_slots<std::tuple<double, std::pair<float, std::string>>> tuples;
  CHECK(slot_of(tuples, {0.0, {1.f, "a"}}) == slot_of(tuples, {-0.0, {1.f, "a"}}));
  CHECK(slot_of(tuples, {std::nan(""), {-std::nanf("1"), "a"}}) ==
        slot_of(tuples, {-std::nan("7"), {std::nanf(""), "a"}}));
  CHECK(slot_of(tuples, {std::nan(""), {0.f, "a"}}) != slot_of(tuples, {std::nan(""), {0.f, "b"}}));
  CHECK(tuples.size() == 4);

  leat::key_slots<bool> flags;
  CHECK(slot_of(flags, true) != slot_of(flags, false));
}

TEST_CASE("values start empty and never move") {
  leat::value_column<std::int64_t> column("sum");
  CHECK(column.name() == "sum");
  std::int64_t* first = &column.at(0);
  CHECK(*first == 0);
  *first = 42;
  for (leat::state_slot slot = 1; slot < 100'000; slot += 77)
    column.at(slot) += slot;
  CHECK(&column.at(0) == first);
  CHECK(*first == 42);
  CHECK(column.at(78) == 78);
  CHECK(column.at(79) == 0);
}

TEST_CASE("two states of an operator have two names") {
  std::vector<std::unique_ptr<leat::state_column>> columns;
  leat::side_ports sides;
  leat::setup setup(columns, sides);
  (void)setup.value<int>("a");
  (void)setup.value<double>("b");
  CHECK(columns.size() == 2);
  try {
    (void)setup.value<int>("a");
    FAIL("accepted");
  } catch (const leat::failure& e) {
    CHECK(e.error().what == "two states are called \"a\"");
  }
}
