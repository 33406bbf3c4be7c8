#include <leat/detail/state/list_column.hpp>
#include <leat/detail/state/map_column.hpp>
#include <leat/detail/state/value_column.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"

#include <set>

namespace {

using leat::detail::state_kind;
using leat::detail::state_slot;
using texts = leat::detail::value_column<std::string, state_kind::value>;
using lists = leat::detail::list_column<std::string>;
using maps = leat::detail::map_column<std::string, std::vector<std::int64_t>>;

struct alignas(64) wide {
  std::int64_t number = 7;
  static constexpr auto fields = leat::fields("wide", leat::field("number", &wide::number));
};

std::string any_text(support::dice& roll) { return std::string(roll.size(0, 60), 'x'); }

/// Changes a cell in one of the ways its kind offers.
void change(texts& column, state_slot slot, support::dice& roll) {
  switch (roll(0, 4)) {
  case 0:
    return column.erase(slot);
  case 1:
    column.edit(slot).clear();
    return;
  default:
    column.edit(slot) += any_text(roll);
  }
}
void change(lists& column, state_slot slot, support::dice& roll) {
  switch (roll(0, 6)) {
  case 0:
    return column.erase(slot);
  case 1:
    column.edit(slot).resize(roll.size(0, 5), any_text(roll));
    return;
  default:
    return column.append(slot, any_text(roll));
  }
}
void change(maps& column, state_slot slot, support::dice& roll) {
  const std::string key = std::to_string(roll(0, 9)) + std::string(20, 'k');
  switch (roll(0, 8)) {
  case 0:
    return column.erase(slot);
  case 1:
  case 2:
    return column.erase(slot, key);
  default:
    column.edit(slot, key).push_back(roll(0, 9));
  }
}

std::size_t heap_of(const texts& column, state_slot slot) {
  return leat::heap_bytes(column.at(slot));
}
std::size_t heap_of(const lists& column, state_slot slot) {
  return leat::heap_bytes(column.at(slot));
}
std::size_t heap_of(const maps& column, state_slot slot) {
  return leat::detail::owned_bytes(column.at(slot));
}

/// The bytes of a column against a walk over all its cells. Pages that were not written to all are
/// the one at `untouched`.
template <class Cell, class Column>
void check_bytes(const Column& column, state_slot slots, const void* untouched) {
  std::size_t heap = 0, made = 1;
  for (state_slot slot = 0; slot < slots; ++slot)
    heap += heap_of(column, slot);
  for (state_slot slot = 0; slot < slots; slot += leat::detail::cells_in_page<Cell>)
    made += &column.at(slot) != untouched;
  constexpr leat::detail::cell_type type = leat::detail::cell_type_of<Cell>;
  const std::size_t pages = slots / type.in_page;
  const std::size_t table = column.bytes() - heap - made * leat::detail::page_bytes(type);
  REQUIRE(table >= pages * sizeof(void*));
  REQUIRE(table <= 2 * pages * sizeof(void*));
}

template <class Cell, class Column>
void check_column(const char* name) {
  support::for_seeds(40, [&](support::dice roll) {
    Column column(name);
    constexpr state_slot slots = 8 * leat::detail::cells_in_page<Cell>;
    column.reach(slots - 1);
    const void* const untouched = &column.at(0);
    std::vector<std::pair<std::unique_ptr<leat::detail::state_column>, std::string>> kept;
    const auto contents = [&](const leat::detail::state_column& of) {
      std::string bytes;
      for (state_slot slot = 1; slot < slots; ++slot)
        if (of.has(slot))
          of.save(slot, bytes += std::to_string(slot));
      return bytes;
    };
    for (int step = roll(0, 300); step > 0; --step) {
      const auto slot = static_cast<state_slot>(roll(1, slots));
      change(column, slot, roll);
      if (roll(0, 40) == 0) {
        kept.emplace_back(column.share(), contents(column));
        REQUIRE(kept.back().first->bytes() <= column.bytes());
      }
      if (roll(0, 60) == 0)
        kept.clear();
    }
    for (const auto& [shared, then] : kept)
      REQUIRE(contents(*shared) == then);
    check_bytes<Cell>(column, slots, untouched);
  });
}

} // namespace

TEST_CASE("columns: shared pages stay as they were, and bytes are those of a walk") {
  check_column<std::string, texts>("texts");
  check_column<std::vector<std::string>, lists>("lists");
  check_column<leat::detail::state_map<std::string, std::vector<std::int64_t>>, maps>("maps");
}

TEST_CASE("columns: a value that is edited is counted as it is now") {
  texts column("text");
  column.reach(5);
  std::string& text = column.edit(3);
  const std::size_t before = column.bytes();
  text.assign(1000, 'x');
  CHECK(column.bytes() == before + leat::heap_bytes(text));
  column.edit(4).assign(2000, 'x');
  CHECK(column.bytes() == before + leat::heap_bytes(text) + leat::heap_bytes(column.at(4)));
  column.erase(3);
  column.erase(4);
  CHECK(column.bytes() <= before + 2 * leat::heap_bytes(std::string(40, 'x')));
}

TEST_CASE("columns: cells start empty, and never move unless shared") {
  leat::detail::value_column<std::int64_t, state_kind::value> column("sum");
  column.reach(100'000);
  CHECK(column.at(0) == 0);
  std::int64_t* const first = &column.edit(1);
  *first = 42;
  for (state_slot slot = 2; slot < 100'000; slot += 77)
    column.edit(slot) += slot;
  CHECK(&column.at(1) == first);
  CHECK(*first == 42);
  CHECK(column.at(79) == 79);
  CHECK(column.at(80) == 0);
  CHECK((column.has(79) && !column.has(80)));
}

TEST_CASE("columns: pages that nobody has written to take no memory") {
  using large = std::array<std::int64_t, 500>;
  leat::detail::value_column<large, state_kind::value> column("large");
  const std::size_t before = column.bytes();
  column.reach(100'000);
  CHECK(column.bytes() < before + 200'000);
}

TEST_CASE("columns: cells stand where their alignment wants them") {
  leat::detail::value_column<wide, state_kind::value> column("wide");
  column.reach(1'000);
  column.edit(999).number = 1;
  for (const state_slot slot : {0U, 1U, 998U, 999U}) {
    CHECK(reinterpret_cast<std::uintptr_t>(&column.at(slot)) % alignof(wide) == 0);
    CHECK(column.at(slot).number == (slot == 999 ? 1 : 7));
  }
}

TEST_CASE("columns: a fingerprint is of name, kind and type") {
  using value = leat::detail::value_column<std::int64_t, state_kind::value>;
  using aggregate = leat::detail::value_column<std::int64_t, state_kind::aggregating>;
  using other = leat::detail::value_column<std::uint64_t, state_kind::value>;
  std::set<std::uint64_t> all{value("a").fingerprint(),     value("b").fingerprint(),
                              aggregate("a").fingerprint(), other("a").fingerprint(),
                              lists("a").fingerprint(),     maps("a").fingerprint()};
  CHECK(all.size() == 6);
  CHECK(value("a").fingerprint() == value("a").fingerprint());
  CHECK(maps("a").type() == "map string -> [i64]");
}
