#include <leat/detail/state/keyed_store.hpp>
#include <leat/detail/state/list_column.hpp>
#include <leat/detail/state/map_column.hpp>
#include <leat/detail/state/value_column.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"

#include <map>
#include <rapidcheck.h>

namespace {

using leat::detail::keyed_store;
using leat::detail::state_kind;
template <class V>
using values = leat::detail::value_column<V, state_kind::value>;
using leat::detail::list_column;
using leat::detail::map_column;

/// Adds one to a key's value.
template <class K>
void count(keyed_store<K>& store, values<std::int64_t>& column, const K& key) {
  store.enter(key);
  ++column.edit(store.claim());
  store.leave();
}

struct small {
  keyed_store<std::string> store;
  values<bool>& flag = store.declare<values<bool>>("flag");
  list_column<std::optional<std::string>>& list =
      store.declare<list_column<std::optional<std::string>>>("list");
  map_column<double, std::int16_t>& map = store.declare<map_column<double, std::int16_t>>("map");

  /// Everything in the first group that holds a key.
  std::string save() const {
    std::string bytes;
    if (const auto groups = store.groups(); !groups.empty())
      store.save(groups.front(), bytes);
    return bytes;
  }
};

/// Three keys of one group.
void fill(small& to) {
  int found = 0;
  for (int n = 0; found < 3; ++n) {
    const std::string key = "key " + std::to_string(n);
    if (leat::key_group_of(leat::key_hash(key)) != 5)
      continue;
    to.store.enter(key);
    if (found != 1)
      to.flag.edit(to.store.claim()) = found == 0;
    if (found != 2)
      to.list.edit(to.store.claim()) = {"abc", std::nullopt, ""};
    to.map.edit(to.store.claim(), found) = 3;
    to.map.edit(to.store.claim(), -1) = -3;
    to.store.leave();
    ++found;
  }
}

std::string load_error(const leat::result<void>& loaded) {
  return loaded ? "loaded" : loaded.error().what;
}

} // namespace

TEST_CASE("many keys of one group are no burden") {
  keyed_store<std::int64_t> store;
  auto& column = store.declare<values<std::int64_t>>("n");
  std::size_t keys = 0;
  for (std::int64_t key = 0; keys < 20'000; ++key)
    if (leat::key_group_of(leat::key_hash(key)) == 17) {
      count(store, column, key);
      REQUIRE(store.size() == ++keys);
    }
  const auto groups = store.groups();
  REQUIRE(groups.size() == 1);
  CHECK((groups[0].group == 17 && groups[0].slots.size() == 20'000));
  store.clear(17);
  CHECK((store.size() == 0 && store.groups().empty()));
}

TEST_CASE("keys are equal as their hashes are") {
  keyed_store<double> numbers;
  auto& sums = numbers.declare<values<std::int64_t>>("n");
  for (const double key : {0.0, -0.0, std::nan("1"), -std::nan("2")})
    count(numbers, sums, key);
  CHECK(numbers.size() == 2);

  using compound = std::tuple<double, std::pair<float, std::string>>;
  keyed_store<compound> tuples;
  auto& n = tuples.declare<values<std::int64_t>>("n");
  for (const compound& key :
       {compound{0.0, {1.f, "a"}}, compound{-0.0, {1.f, "a"}},
        compound{std::nan(""), {-std::nanf("1"), "a"}},
        compound{-std::nan("7"), {std::nanf(""), "a"}}, compound{std::nan(""), {0.f, "b"}}})
    count(tuples, n, key);
  CHECK(tuples.size() == 3);

  keyed_store<bool> flags;
  auto& both = flags.declare<values<std::int64_t>>("n");
  count(flags, both, true);
  count(flags, both, false);
  CHECK(flags.size() == 2);
}

TEST_CASE("a state that is declared late knows the keys that are there") {
  keyed_store<int> store;
  auto& first = store.declare<values<std::int64_t>>("n");
  for (int key = 0; key < 1000; ++key)
    count(store, first, key);
  auto& second = store.declare<values<double>>("m");
  const int key = 999;
  store.enter(key);
  CHECK(!second.has(store.slot()));
  second.edit(store.slot()) = 1;
}

TEST_CASE("bytes of a store are those of its keys and columns") {
  keyed_store<std::string> store;
  auto& column = store.declare<values<std::int64_t>>("n");
  const std::size_t empty = store.bytes();
  std::map<std::string, int> keys;
  support::dice roll(1);
  for (int n = 0; n < 5000; ++n) {
    const std::string key(roll.size(0, 200), 'k');
    store.enter(key);
    if (roll.coin()) {
      column.edit(store.claim());
      keys[key] = 1;
    } else {
      column.erase(store.slot());
      store.may_be_empty();
      keys.erase(key);
    }
    store.leave();
  }
  std::size_t owned = 0;
  for (const auto& [key, one] : keys)
    owned += leat::heap_bytes(key);
  const std::size_t rest = store.bytes() - empty - owned;
  CHECK(rest > keys.size() * (sizeof(std::string) + 8));
  CHECK(rest < 200 * 128 + 1'000 * sizeof(std::int64_t) + 128 * 16 * (sizeof(std::string) + 16));
}

TEST_CASE("a save of states that were declared otherwise is refused, and named") {
  keyed_store<std::int32_t> saved;
  saved.declare<values<std::int64_t>>("count");
  saved.declare<list_column<std::string>>("names");
  std::string bytes;
  saved.save({3, {}}, bytes);

  keyed_store<std::int32_t> other;
  other.declare<list_column<std::string>>("names");
  CHECK(load_error(other.load(bytes)) ==
        "the saved state \"count\" is not declared by the operator");
  other.declare<values<double>>("count");
  CHECK(load_error(other.load(bytes)) ==
        "the state \"count\" has type \"value f64\", which differs from the saved one");

  keyed_store<std::int32_t> more;
  more.declare<values<std::int64_t>>("count");
  more.declare<list_column<std::string>>("names");
  CHECK(load_error(more.load(bytes)) == "loaded");
  more.declare<values<bool>>("new");
  CHECK(load_error(more.load(bytes)) == "loaded"); // no key has it

  keyed_store<std::uint32_t> by_other;
  CHECK(load_error(by_other.load(bytes)) ==
        "the state was saved by keys of type \"i32\", but the keys have type \"u32\"");

  std::string newer = bytes;
  newer[0] = 2;
  CHECK(load_error(saved.load(newer)) ==
        "the saved state has format 2, this program reads format 1");
  newer = bytes;
  newer[bytes.size() - 2] = 1; // before the number of keys
  CHECK(load_error(saved.load(newer)) ==
        "the saved state \"names\" has form 1, which this program does not know");
}

TEST_CASE("the bytes of a save are those in the format's description") {
  keyed_store<std::int16_t> store;
  auto& numbers = store.declare<values<std::int16_t>>("n");
  auto& list = store.declare<list_column<std::uint8_t>>("l");
  std::int16_t key = 0;
  while (leat::key_group_of(leat::key_hash(key)) != 3)
    ++key;
  store.enter(key);
  numbers.edit(store.claim()) = 7;
  store.leave();
  std::string expected("\1\x80\0\0\0\3\0\0\0\3i16\2", 14);
  const auto name = [&](const char* text, const leat::detail::state_column& column) {
    const std::uint64_t fingerprint = column.fingerprint();
    (expected += '\1') += text;
    expected.append(reinterpret_cast<const char*>(&fingerprint), sizeof fingerprint);
    expected += '\0'; // its form
  };
  name("l", list);
  name("n", numbers);
  expected += '\1';
  expected.append(reinterpret_cast<const char*>(&key), sizeof key);
  expected += std::string("\0\1\7\0", 4);
  std::string bytes;
  store.save(store.groups().front(), bytes);
  CHECK(bytes == expected);
}

TEST_CASE("damaged bytes are refused, or are what would be saved") {
  small original;
  fill(original);
  const std::string bytes = original.save();
  REQUIRE(original.store.size() == 3);

  small target;
  const auto refused_or_right = [&](const std::string& damaged) {
    if (target.store.load(damaged))
      return target.save() == damaged || target.store.size() == 0;
    return target.store.size() == 0;
  };
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size); // its own memory: reading beyond is seen
    CHECK(!target.store.load(cut));
    CHECK(target.store.size() == 0);
  }
  CHECK(!target.store.load(bytes + '\0'));
  std::size_t loaded = 0;
  for (std::size_t place = 0; place < bytes.size(); ++place)
    for (int value = 1; value < 256; ++value) {
      std::string damaged = bytes;
      damaged[place] = static_cast<char>(damaged[place] ^ value);
      REQUIRE(refused_or_right(damaged));
      loaded += target.store.size() == 3;
    }
  CHECK(loaded > 0);
  REQUIRE(target.store.load(bytes));
  CHECK(target.save() == bytes);
}

namespace {

struct old_total {
  std::int32_t count = 0;
  std::string note;
  static constexpr auto fields = leat::fields("total", leat::field("count", &old_total::count),
                                              leat::field("note", &old_total::note));
};
struct total {
  std::int32_t count = 0;
  double scale = 2;
  static constexpr auto fields = leat::fields("total", leat::field("count", &total::count),
                                              leat::field("scale", &total::scale));
};
struct other_total {
  std::string count;
  static constexpr auto fields = leat::fields("total", leat::field("count", &other_total::count));
};

// A group with states of all kinds, and the types that stand before it.
template <class T>
struct store_of_totals {
  keyed_store<std::int32_t> store;
  values<T>& value = store.template declare<values<T>>("value");
  list_column<T>& list = store.template declare<list_column<T>>("list");
  map_column<std::string, T>& map = store.template declare<map_column<std::string, T>>("map");
};

} // namespace

TEST_CASE("states of records that have changed since are loaded with the fields that both have") {
  CHECK(rc::check([](const std::map<std::int32_t, std::vector<std::int32_t>>& counts) {
    store_of_totals<old_total> was;
    for (const auto& [key, list] : counts) {
      was.store.enter(key);
      was.value.edit(was.store.claim()) = {key, "x"};
      for (const std::int32_t count : list) {
        was.list.append(was.store.claim(), {count, "a note"});
        was.map.edit(was.store.claim(), std::to_string(count)) = {count, {}};
      }
      was.store.leave();
    }
    store_of_totals<total> is;
    keyed_store<std::int32_t>& store = is.store;
    store.declare<values<bool>>("flag");
    store.expect_types(was.store.types());
    for (const auto& group : was.store.groups()) {
      std::string saved;
      was.store.save(group, saved);
      RC_ASSERT(load_error(store.load(saved)) == "loaded");
    }
    RC_ASSERT(store.size() == counts.size());
    for (const auto& [key, list] : counts) {
      store.enter(key);
      RC_ASSERT(is.value.at(store.slot()).count == key);
      RC_ASSERT(is.value.at(store.slot()).scale == 2);
      RC_ASSERT(is.list.at(store.slot()).size() == list.size());
      for (std::size_t i = 0; i < list.size(); ++i) {
        RC_ASSERT(is.list.at(store.slot())[i].count == list[i]);
        RC_ASSERT(is.map.find(store.slot(), std::to_string(list[i]))->count == list[i]);
      }
      store.leave();
    }
  }));
}

TEST_CASE("a state whose type has changed too much is refused, and the field is named") {
  store_of_totals<old_total> was;
  const int key = 1;
  was.store.enter(key);
  was.value.edit(was.store.claim()) = {1, {}};
  was.store.leave();
  std::string saved;
  was.store.save(was.store.groups().front(), saved);
  store_of_totals<other_total> is;
  is.store.expect_types(was.store.types());
  CHECK(load_error(is.store.load(saved)) ==
        "the state \"list\" differs from the saved one: field \"count\" was i32 and is string");
}
