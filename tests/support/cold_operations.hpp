// Random operations on keyed state in a backend, compared with the same ones in memory: small
// budgets, restarts, other numbers of subtasks.
#pragma once

#include <leat/detail/state/keyed_store.hpp>
#include <leat/detail/state/list_column.hpp>
#include <leat/detail/state/map_column.hpp>
#include <leat/detail/state/value_column.hpp>

#include "support/dice.hpp"

namespace support {

/// Keeps the files of a store, as a checkpoint does. Returns where they lie now.
using keep_files = std::function<std::vector<leat::stored_file>(const leat::stored_files&)>;

template <class K>
struct three_states {
  leat::detail::keyed_store<K> store;
  leat::detail::value_column<std::int64_t, leat::detail::state_kind::value>& value =
      store.template declare<
          leat::detail::value_column<std::int64_t, leat::detail::state_kind::value>>("value");
  leat::detail::list_column<std::string>& list =
      store.template declare<leat::detail::list_column<std::string>>("list");
  leat::detail::map_column<std::int32_t, double>& map =
      store.template declare<leat::detail::map_column<std::int32_t, double>>("map");

  std::string at_hand() const {
    const leat::detail::state_slot slot = store.slot();
    std::string text;
    for (const leat::detail::state_column* c :
         {static_cast<const leat::detail::state_column*>(&value),
          static_cast<const leat::detail::state_column*>(&list),
          static_cast<const leat::detail::state_column*>(&map)}) {
      text += c->has(slot) ? '+' : '-';
      if (c->has(slot))
        c->save(slot, text);
    }
    return text;
  }
};

/// One operation on the key at hand.
template <class K>
void operate(three_states<K>& on, int what, std::int32_t number) {
  auto& [store, value, list, map] = on;
  switch (what) {
  case 0:
    value.edit(store.claim()) += number;
    break;
  case 1:
    list.append(store.claim(), std::string(static_cast<std::size_t>(number), 'x'));
    break;
  case 2:
    map.edit(store.claim(), number % 5) += 0.5;
    break;
  case 3:
    map.erase(store.slot(), number % 5);
    store.may_be_empty();
    break;
  case 4:
    value.erase(store.slot());
    store.may_be_empty();
    break;
  case 5:
    list.erase(store.slot());
    store.may_be_empty();
    break;
  default: // it is only read
    break;
  }
}

template <class K>
class cold_operations {
public:
  cold_operations(dice roll, leat::state_backend& backend, keep_files keep,
                  std::function<K(int)> key)
      : roll_(roll), backend_(backend), keep_(std::move(keep)), key_(std::move(key)) {}

  void run(int operations) {
    open(roll_.size(1, 4));
    const int keys = roll_(1, 400), between_restarts = roll_(20, 1000);
    for (int i = 0; i < operations; ++i) {
      const K key = key_(roll_(0, keys));
      const int what = roll_(0, 8);
      const std::int32_t number = roll_(0, 300);
      auto& cold = *subtasks_[subtask_of(leat::key_group_of(leat::key_hash(key)))];
      cold.store.enter(key);
      wanted_.store.enter(key);
      REQUIRE(cold.at_hand() == wanted_.at_hand());
      operate(cold, what, number);
      operate(wanted_, what, number);
      REQUIRE(cold.at_hand() == wanted_.at_hand());
      cold.store.leave();
      wanted_.store.leave();
      if (roll_(0, between_restarts) == 0)
        restart(roll_.coin() ? subtasks_.size() : roll_.size(1, 4));
    }
    restart(subtasks_.size());
    compare_all();
  }

private:
  std::size_t subtask_of(leat::key_group group) const {
    return leat::subtask_of(group, subtasks_.size());
  }

  void open(std::size_t count) {
    subtasks_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      subtasks_.push_back(std::make_unique<three_states<K>>());
      subtasks_.back()->store.keep_cold(backend_.open("s-" + std::to_string(i), {}));
    }
  }

  struct saved {
    std::string head;
    std::vector<leat::stored_file> files;
  };
  std::vector<saved> save() const {
    std::vector<saved> all;
    for (const auto& s : subtasks_) {
      saved& one = all.emplace_back();
      s->store.append_stored_head(one.head);
      one.files = keep_(*s->store.write_cold());
    }
    return all;
  }

  // Each goes on from its own files, or takes its groups out of all.
  void restart(std::size_t count) {
    const auto before = save();
    if (roll_.coin())
      return; // a checkpoint alone
    open(count);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = 0; j < before.size(); ++j) {
        auto& store = subtasks_[i]->store;
        leat::byte_cursor head(before[j].head);
        const auto same = store.read_stored_head(head);
        REQUIRE((same && *same));
        if (before.size() != count)
          load(store, *backend_.open("old", before[j].files), i);
        else if (i == j)
          store.keep_cold(backend_.open("own", before[j].files));
      }
  }

  void load(leat::detail::keyed_store<K>& store, leat::cold_states& from, std::size_t subtask) {
    for (leat::key_group g = 0; g < leat::max_parallelism; ++g)
      if (subtask_of(g) == subtask)
        REQUIRE(store.load_stored(from, g));
  }

  // All keys and values, as a store in memory would save them.
  void compare_all() {
    three_states<K> all;
    std::size_t visited = 0;
    for (const saved& s : save()) {
      leat::byte_cursor head(s.head);
      REQUIRE(all.store.read_stored_head(head));
      const auto store = backend_.open("all", s.files);
      for (leat::key_group g = 0; g < leat::max_parallelism; ++g)
        REQUIRE(all.store.load_stored(*store, g));
    }
    for (const auto& s : subtasks_)
      s->store.visit_keys([&] { ++visited; });
    CHECK(visited == wanted_.store.size());
    CHECK(all_groups(all) == all_groups(wanted_));
  }

  static std::string all_groups(const three_states<K>& of) {
    std::string bytes;
    for (const auto& group : of.store.groups())
      of.store.save(group, bytes);
    return bytes;
  }

  dice roll_;
  leat::state_backend& backend_;
  keep_files keep_;
  std::function<K(int)> key_;
  std::vector<std::unique_ptr<three_states<K>>> subtasks_;
  three_states<K> wanted_; ///< in memory
};

} // namespace support
