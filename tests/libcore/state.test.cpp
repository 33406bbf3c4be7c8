#include <leat/detail/stage/stage_context.hpp>
#include <leat/detail/state/keyed_store.hpp>
#include <leat/operator.hpp>
#include <leat/state.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"

#include <map>

namespace {

using key_type = std::pair<std::string, double>;

struct mean {
  std::int64_t sum = 0;
  std::int64_t count = 0;
  void add(std::int64_t x) { sum += x, ++count; }
  std::int64_t result() const { return count == 0 ? -1 : sum / count; }
  static constexpr auto fields =
      leat::fields("mean", leat::field("sum", &mean::sum), leat::field("count", &mean::count));
  friend bool operator==(const mean&, const mean&) = default;
};

/// An operator's states, and the side of a stage that lets it use them.
struct subtask {
  leat::detail::keyed_store<key_type> store;
  support::set_clock clock;
  leat::detail::stage_context<leat::context> ctx;
  leat::value_state<std::string> text;
  leat::value_state<std::optional<std::int32_t>> number;
  leat::list_state<std::string> list;
  leat::map_state<double, std::string> map;
  leat::aggregating_state<mean> average;

  subtask() {
    leat::side_ports sides;
    leat::setup setup(store, sides, nullptr, nullptr);
    text = setup.value<std::string>("text");
    average = setup.aggregating<mean>("average");
    list = setup.list<std::string>("list");
    map = setup.map<double, std::string>("map");
    number = setup.value<std::optional<std::int32_t>>("number");
    leat::stage_services services;
    services.time = &clock;
    ctx.open(store, services);
  }

  std::vector<std::string> save() const { return save(store); }
  static std::vector<std::string> save(const leat::detail::keyed_store<key_type>& of) {
    std::vector<std::string> saved;
    for (const auto& group : of.groups())
      of.save(group, saved.emplace_back());
    return saved;
  }
};

/// What a key's states should be.
struct expected {
  std::optional<std::string> text;
  std::optional<std::optional<std::int32_t>> number;
  std::vector<std::string> list;
  std::map<double, std::string> map;
  std::optional<mean> average;
  bool none() const { return !text && !number && list.empty() && map.empty() && !average; }
};
using expectations = std::map<key_type, expected>;

key_type any_key(support::dice& roll) {
  return {std::string(roll.size(0, 2) * 20, 'k'), roll(-3, 12)};
}
std::string any_text(support::dice& roll) { return std::string(roll.size(0, 40), 'x'); }

void require_same(const subtask& s, const expected& e) {
  REQUIRE(s.ctx.has(s.text) == e.text.has_value());
  REQUIRE(s.ctx.get(s.text) == e.text.value_or(""));
  REQUIRE(s.ctx.has(s.number) == e.number.has_value());
  REQUIRE(s.ctx.get(s.number) == e.number.value_or(std::nullopt));
  REQUIRE(s.ctx.has(s.list) == !e.list.empty());
  const auto list = s.ctx.get(s.list);
  REQUIRE(std::vector<std::string>(list.begin(), list.end()) == e.list);
  REQUIRE(s.ctx.has(s.map) == !e.map.empty());
  const auto& map = s.ctx.get(s.map);
  REQUIRE(std::equal(map.begin(), map.end(), e.map.begin(), e.map.end()));
  for (double k = -1; k < 5; ++k) {
    const std::string* found = s.ctx.find(s.map, k);
    REQUIRE((found != nullptr) == e.map.contains(k));
    REQUIRE((!found || *found == e.map.at(k)));
  }
  REQUIRE(s.ctx.has(s.average) == e.average.has_value());
  REQUIRE(s.ctx.get(s.average) == e.average.value_or(mean{}).result());
}

/// Does something to the states of the key at hand, and the same to what is expected of them.
void change(subtask& s, expected& e, support::dice& roll) {
  const std::string text = any_text(roll);
  const double entry = roll(0, 4) * (roll.coin() ? 1.0 : -0.0);
  switch (roll(0, 16)) {
  case 0:
    s.ctx.edit(s.text) += text;
    e.text = e.text.value_or("") + text;
    break;
  case 1:
    s.ctx.edit(s.number) = roll(0, 9);
    e.number = s.ctx.get(s.number);
    break;
  case 2:
    s.ctx.edit(s.number).reset();
    e.number = std::optional<std::int32_t>{};
    break;
  case 3:
  case 4:
    s.ctx.append(s.list, text);
    e.list.push_back(text);
    break;
  case 5:
    s.ctx.edit(s.list).clear();
    e.list.clear();
    break;
  case 6: {
    auto& list = s.ctx.edit(s.list);
    list.insert(list.begin(), text);
    e.list.insert(e.list.begin(), text);
    break;
  }
  case 7:
  case 8:
    s.ctx.edit(s.map, entry) += text;
    e.map[entry] += text;
    break;
  case 9:
    s.ctx.erase(s.map, entry);
    e.map.erase(entry);
    break;
  case 10: {
    const std::int64_t x = roll(0, 99);
    s.ctx.add(s.average, x);
    e.average = e.average.value_or(mean{});
    e.average->add(x);
    break;
  }
  case 11:
    s.ctx.erase(s.text);
    e.text.reset();
    break;
  case 12:
    s.ctx.erase(s.number);
    e.number.reset();
    break;
  case 13:
    s.ctx.erase(s.list);
    e.list.clear();
    break;
  case 14:
    s.ctx.erase(s.map);
    e.map.clear();
    break;
  default:
    s.ctx.erase(s.average);
    e.average.reset();
  }
}

/// Writes in other ways than change() does.
void write(subtask& s, const expected& e) {
  for (std::int64_t n = 0; e.average && n < e.average->count; ++n)
    s.ctx.add(s.average, n == 0 ? e.average->sum : 0);
  for (auto entry = e.map.rbegin(); entry != e.map.rend(); ++entry)
    s.ctx.edit(s.map, entry->first) = entry->second;
  s.ctx.edit(s.list) = e.list;
  if (e.number)
    s.ctx.edit(s.number) = *e.number;
  if (e.text)
    s.ctx.edit(s.text) = *e.text;
}

} // namespace

TEST_CASE("states of all kinds are what a map of keys says, over erasures, snapshots and loads") {
  support::for_seeds(100, [](support::dice roll) {
    auto s = std::make_unique<subtask>();
    expectations all;
    struct moment {
      std::shared_ptr<const leat::detail::keyed_store<key_type>> view;
      std::vector<std::string> bytes;
    };
    std::vector<moment> moments;
    for (int records = roll(0, 400); records > 0; --records) {
      const key_type key = any_key(roll);
      s->store.enter(key);
      expected& e = all[key];
      require_same(*s, e);
      for (int n = roll(0, 4); n > 0; --n) {
        change(*s, e, roll);
        require_same(*s, e);
      }
      s->store.leave();
      if (e.none())
        all.erase(key);
      REQUIRE(s->store.size() == all.size());
      s->store.enter(key);
      REQUIRE((s->store.slot() != leat::detail::no_slot) == all.contains(key));
      if (roll(0, 60) == 0)
        moments.push_back({s->store.snapshot(), s->save()});
      if (roll(0, 150) == 0) { // a snapshot is let go, or all goes on from what was saved
        moments.clear();
        const std::vector<std::string> saved = s->save();
        s = std::make_unique<subtask>();
        for (const std::string& group : saved)
          REQUIRE(s->store.load(group));
        REQUIRE(s->save() == saved);
      }
    }
    for (const auto& [view, then] : moments)
      REQUIRE(subtask::save(*view) == then);
    std::vector<key_type> keys;
    for (const auto& group : s->store.groups())
      for (const leat::detail::state_slot slot : group.slots) {
        const key_type& key = keys.emplace_back(s->store.key_at(slot));
        REQUIRE(leat::key_group_of(leat::key_hash(key)) == group.group);
        s->store.enter(key);
        require_same(*s, all.at(key));
        s->store.leave();
      }
    REQUIRE(keys.size() == all.size());
  });
}

TEST_CASE("what is saved says what is there, not how it came there") {
  support::for_seeds(30, [](support::dice roll) {
    subtask by_history, at_once;
    expectations all;
    for (int records = roll(0, 300); records > 0; --records) {
      const key_type key = any_key(roll);
      by_history.store.enter(key);
      change(by_history, all[key], roll);
      by_history.store.leave();
    }
    for (auto entry = all.rbegin(); entry != all.rend(); ++entry) {
      const expected& e = entry->second;
      at_once.store.enter(entry->first);
      write(at_once, e);
      at_once.store.leave();
    }
    REQUIRE(by_history.save() == at_once.save());
  });
}

TEST_CASE("keys that were only read are not kept, and slots are used again") {
  subtask s;
  const std::size_t before = s.store.bytes();
  for (int n = 0; n < 1000; ++n) {
    const key_type key{"", n};
    s.store.enter(key);
    CHECK((s.ctx.get(s.text).empty() && s.ctx.get(s.list).empty() && s.ctx.get(s.average) == -1));
    CHECK(s.ctx.find(s.map, 1) == nullptr);
    s.ctx.erase(s.map, 1);
    s.ctx.erase(s.text);
    s.store.leave();
  }
  CHECK(s.store.size() == 0);
  CHECK(s.store.bytes() == before);
  std::size_t after_first = 0;
  for (int n = 0; n < 10'000; ++n) {
    const key_type key{std::string(50, 'k'), n % 100};
    s.store.enter(key);
    s.ctx.edit(s.text) = "something";
    s.store.leave();
    CHECK(s.store.size() == 1);
    s.store.enter(key);
    s.ctx.erase(s.text);
    s.store.leave();
    if (n == 99)
      after_first = s.store.bytes();
  }
  CHECK(s.store.bytes() == after_first);
}

TEST_CASE("what is written need only convert to the state's type") {
  subtask s;
  const key_type key{"a", 1};
  s.store.enter(key);
  s.ctx.append(s.list, "abc");
  s.ctx.add(s.average, 7);
  s.ctx.edit(s.map, 2) = "two";
  CHECK((s.ctx.get(s.list)[0] == "abc" && s.ctx.get(s.average) == 7));
  CHECK(*s.ctx.find(s.map, 2) == "two");
}

TEST_CASE("a map's keys are in order, and equal as keys are") {
  subtask s;
  const key_type key{"a", 1};
  s.store.enter(key);
  for (const double k : {2.0, std::nan("1"), -0.0, -5.0, 0.0, -std::nan("2")})
    s.ctx.edit(s.map, k) += "x";
  std::string text;
  for (const auto& [k, value] : s.ctx.get(s.map))
    text += std::to_string(k) + value + " ";
  CHECK(text == "-5.000000x 0.000000xx 2.000000x nanxx ");
}

TEST_CASE("two states of an operator have two names") {
  leat::detail::keyed_store<int> store;
  leat::side_ports sides;
  leat::setup setup(store, sides, nullptr, nullptr);
  CHECK(store.stateless());
  (void)setup.value<int>("a");
  (void)setup.list<double>("b");
  CHECK(!store.stateless());
  try {
    (void)setup.map<int, int>("a");
    FAIL("accepted");
  } catch (const leat::failure& e) {
    CHECK(e.error().what == "two states are called \"a\"");
  }
}

TEST_CASE("a handle that was never set is named with what makes it") {
  struct handles {
    leat::map_state<int, double> map;
  };
  subtask s;
  const key_type key;
  s.store.enter(key);
  try {
    (void)s.ctx.find(handles{}.map, 1);
    FAIL("accepted");
  } catch (const leat::failure& e) {
    CHECK(e.error().what == "a state handle of type leat::map_state<int, double> was never set");
    CHECK(e.error().hint ==
          "assign it in the operator's open(): handle = setup.map<int, double>(\"name\")");
  }
}
