// Keyed state of one subtask: which key has which slot, by key group; saved and loaded by key
// group.
//
// What is saved (saved_group.hpp) says what is in a group, and nothing of how it came there.
//
// With a cold store (state_backend.hpp) slots are a cache of it: keys come when they are put at
// hand, and go when memory exceeds the budget. A key in that store begins with its group.
#pragma once

#include <leat/detail/record/key_codec.hpp>
#include <leat/detail/state/cold_slots.hpp>
#include <leat/detail/state/key_column.hpp>
#include <leat/detail/state/state_store.hpp>

#include <tsl/robin_set.h>

#include <array>

namespace leat::detail {

/// The keys of a group that have state.
struct group_of_keys {
  key_group group = 0;
  std::vector<state_slot> slots; ///< in the ascending order of their keys
};

template <class K>
class keyed_store final : public state_store {
public:
  keyed_store();
  ~keyed_store() override;

  /// Puts this key at hand, until leave(). It is not kept unless state is written to it.
  void enter(const K& key) {
    key_ = &key;
    hash_ = key_hash(key);
    slot_ = find(key, hash_);
    if (cold_) [[unlikely]]
      fetch();
  }

  /// Forgets the key at hand if no state is left of it.
  void leave() {
    if (may_be_empty_) [[unlikely]]
      settle();
  }

  /// The key at hand. Contract: there is one.
  const K& key() const { return *key_; }
  std::uint64_t hash() const { return hash_; }

  /// Keeps in memory only what fits the budget of this store, and all else in it. Before the first
  /// key.
  void keep_cold(std::unique_ptr<cold_states> store) {
    cold_ = std::make_unique<cold_slots>(std::move(store));
  }
  bool is_cold() const { return cold_ != nullptr; }

  /// The number of keys in memory that have state.
  std::size_t size() const { return size_; }

  /// The key that has this slot. Contract: there is one.
  const K& key_at(state_slot slot) const { return keys_.at(slot); }

  /// Puts each key that has state at hand in turn, in any order, and calls `visit()`.
  template <class Visit>
  void visit_keys(Visit visit);

  /// Calls `visit(slot)` for each key in memory that has state, in any order. Contract: the visit
  /// adds and erases no keys.
  template <class Visit>
  void each_key(Visit visit) const {
    for (state_slot slot = 1; slot <= last_slot(); ++slot)
      if (keys_.has(slot))
        visit(slot);
  }

  /// The groups that have keys, in ascending order. Walks over all keys.
  std::vector<group_of_keys> groups() const;

  /// Heap memory of keys and states; pages that a snapshot shares are counted in both.
  std::size_t bytes() const;

  /// The contents of this moment, shared until they change here: to be read and saved, no key can
  /// be put at hand in it. It may be used, and dropped, by another thread. Takes time for pages,
  /// not for keys. Not while a key is at hand.
  std::shared_ptr<const keyed_store> snapshot() const;

  /// Appends the keys and states of a group.
  void save(const group_of_keys& group, std::string& to) const;

  /// Replaces a group by what was saved of it. An error means that the bytes are corrupt, or speak
  /// of other states than were declared here; the group is then empty, or as before if the head
  /// was refused.
  result<void> load(std::string_view bytes);

  /// Erases all keys of a group that are in memory.
  void clear(key_group group);

  /// Writes to the cold store what differs there. Contract: is_cold(), and no key is at hand.
  std::shared_ptr<const stored_files> write_cold() const;
  /// Appends which keys and states are in the files of a cold store.
  void append_stored_head(std::string& to) const { append_head(to, 0, key_type_text<K>()); }
  /// Takes such a head in, and says whether keys and states are the same here.
  result<bool> read_stored_head(byte_cursor& from);
  /// Takes over the keys of a group from a cold store that has such a head.
  result<void> load_stored(cold_states& from, key_group group);

private:
  /// Keys of one group, and so of one subtask, have hashes with the same low bits.
  static std::size_t spread(std::uint64_t hash) {
    return static_cast<std::size_t>(hash / max_parallelism);
  }
  /// An entry of the index. The key stands in the column, which snapshots share; the index they do
  /// without.
  struct indexed {
    state_slot slot;
  };
  struct hash_of_key {
    const key_column<K>* keys;
    std::size_t operator()(indexed i) const { return spread(key_hash(keys->at(i.slot))); }
  };
  struct same {
    using is_transparent = void;
    const key_column<K>* keys;
    bool operator()(indexed a, indexed b) const { return a.slot == b.slot; }
    bool operator()(indexed a, const K& b) const { return same_key(keys->at(a.slot), b); }
  };
  static constexpr bool store_hash = true;
  using slot_index =
      tsl::robin_set<indexed, hash_of_key, same, std::allocator<indexed>, store_hash>;
  using bucket = tsl::detail_robin_hash::bucket_entry<indexed, store_hash>;

  /// Shares the contents.
  keyed_store(const keyed_store& other);

  state_slot find(const K& key, std::uint64_t hash) const {
    const auto found = index_.find(key, spread(hash));
    return found == index_.end() ? no_slot : found->slot;
  }

  state_slot add(const K& key, std::uint64_t hash);
  state_slot add_key_at_hand() override;
  void settle();
  void drop(state_slot slot);
  void forget(state_slot slot);
  void fetch();
  void evict();
  std::size_t used_bytes() const;
  static std::string stored_key(const K& key, std::uint64_t hash);
  static std::string stored_group(key_group group);
  void write_changed(state_slot slot) const;
  error corrupt(key_group group) const;
  bool load_keys(byte_cursor& from, key_group group);

  key_column<K> keys_;
  slot_index index_{0, hash_of_key{&keys_}, same{&keys_}};
  std::array<std::uint32_t, max_parallelism> in_group_{}; ///< keys
  std::size_t size_ = 0;
  const K* key_ = nullptr;
  std::uint64_t hash_ = 0;
  std::unique_ptr<cold_slots> cold_; ///< null: all keys are in memory
};

// Defined apart, so that they are compiled with the library for keys of the usual types.

template <class K>
keyed_store<K>::keyed_store() = default;
template <class K>
keyed_store<K>::keyed_store(const keyed_store& other)
    : state_store(other), keys_(other.keys_), in_group_(other.in_group_), size_(other.size_) {}
template <class K>
keyed_store<K>::~keyed_store() = default;

// Keys that are small are sorted as copies: to compare them where they stand is to miss the cache.
template <class K>
std::vector<group_of_keys> keyed_store<K>::groups() const {
  constexpr bool small = std::is_trivially_copyable_v<K> && sizeof(K) <= 2 * sizeof(void*);
  struct entry {
    std::conditional_t<small, K, const K*> of;
    state_slot slot;
    const K& key() const {
      if constexpr (small)
        return of;
      else
        return *of;
    }
  };
  std::array<std::vector<entry>, max_parallelism> all;
  for (key_group g = 0; g < max_parallelism; ++g)
    all[g].reserve(in_group_[g]);
  each_key([&](state_slot slot) {
    const K& key = keys_.at(slot);
    if constexpr (small)
      all[key_group_of(key_hash(key))].push_back({key, slot});
    else
      all[key_group_of(key_hash(key))].push_back({&key, slot});
  });
  std::vector<group_of_keys> used;
  for (key_group g = 0; g < max_parallelism; ++g) {
    if (all[g].empty())
      continue;
    std::ranges::sort(all[g], key_order{}, &entry::key);
    std::vector<state_slot>& slots = used.emplace_back(group_of_keys{g, {}}).slots;
    slots.reserve(all[g].size());
    for (const entry& e : all[g])
      slots.push_back(e.slot);
  }
  return used;
}

template <class K>
std::size_t keyed_store<K>::bytes() const {
  return column_bytes() + keys_.bytes() + index_.bucket_count() * sizeof(bucket) +
         (cold_ ? cold_->bytes() : 0);
}

template <class K>
std::shared_ptr<const keyed_store<K>> keyed_store<K>::snapshot() const {
  return std::shared_ptr<const keyed_store>(new keyed_store(*this));
}

template <class K>
void keyed_store<K>::save(const group_of_keys& group, std::string& to) const {
  append_head(to, group.group, key_type_text<K>());
  grow_buffer(to, binary_length_size(group.slots.size())).put_length(group.slots.size());
  for (const state_slot slot : group.slots) {
    append_key(to, keys_.at(slot));
    save_slot(slot, to);
  }
}

template <class K>
result<void> keyed_store<K>::load(std::string_view bytes) {
  byte_cursor from(bytes);
  const auto group = read_head(from, key_type_text<K>());
  if (!group)
    return group.error();
  clear(*group);
  if (load_keys(from, *group) && from.left() == 0)
    return {};
  clear(*group);
  return corrupt(*group);
}

template <class K>
error keyed_store<K>::corrupt(key_group group) const {
  return external_error("the saved state of key group " + std::to_string(group) + " is corrupt");
}

template <class K>
void keyed_store<K>::clear(key_group group) {
  for (state_slot slot = 1; in_group_[group] > 0; ++slot)
    if (keys_.has(slot) && key_group_of(key_hash(keys_.at(slot))) == group)
      drop(slot);
}

template <class K>
state_slot keyed_store<K>::add(const K& key, std::uint64_t hash) {
  const state_slot slot = take_slot();
  keys_.reach(slot);
  keys_.put(slot, canonical_key(key));
  index_.insert(indexed{slot});
  ++in_group_[key_group_of(hash)];
  ++size_;
  if (cold_) [[unlikely]]
    cold_->take(slot, false);
  return slot;
}

template <class K>
state_slot keyed_store<K>::add_key_at_hand() {
  return add(*key_, hash_);
}

template <class K>
void keyed_store<K>::settle() {
  may_be_empty_ = false;
  if (slot_ != no_slot && written_) {
    if (!has_state(slot_))
      drop(std::exchange(slot_, no_slot));
    else if (cold_)
      cold_->change(slot_);
  }
  if (cold_)
    evict();
}

template <class K>
void keyed_store<K>::drop(state_slot slot) {
  if (cold_ && cold_->is_stored(slot)) {
    cold_->erase(stored_key(keys_.at(slot), key_hash(keys_.at(slot))));
    cold_->flush();
  }
  forget(slot);
}

template <class K>
void keyed_store<K>::forget(state_slot slot) {
  index_.erase(indexed{slot});
  --in_group_[key_group_of(key_hash(keys_.at(slot)))];
  --size_;
  keys_.erase(slot);
  give_back(slot);
}

template <class K>
bool keyed_store<K>::load_keys(byte_cursor& from, key_group group) {
  std::size_t count = 0;
  if (!from.take_length(count) || count > from.left())
    return false;
  K last{};
  for (bool first = true; count > 0; --count, first = false) {
    K key{};
    if (!read_key(from, key) || (!first && !key_before(last, key)))
      return false;
    const std::uint64_t hash = key_hash(key);
    if (key_group_of(hash) != group)
      return false;
    const state_slot slot = add(key, hash);
    if (!load_slot(slot, from))
      return false;
    if (cold_) {
      cold_->change(slot);
      evict();
    }
    last = std::move(key);
  }
  return true;
}

// --- the cold store ---------------------------------------------------------------------------

template <class K>
std::string keyed_store<K>::stored_group(key_group group) {
  return {static_cast<char>(group >> 8U), static_cast<char>(group & 0xFFU)};
}

template <class K>
std::string keyed_store<K>::stored_key(const K& key, std::uint64_t hash) {
  std::string bytes = stored_group(key_group_of(hash));
  append_key(bytes, key);
  return bytes;
}

// A key without state is asked for each time, and a store answers that from its filters.
template <class K>
void keyed_store<K>::fetch() {
  may_be_empty_ = true;
  written_ = false;
  if (slot_ != no_slot)
    return cold_->use(slot_);
  std::string value;
  if (!cold_->store().get(stored_key(*key_, hash_), value))
    return;
  slot_ = add(*key_, hash_);
  cold_->take(slot_, true);
  byte_cursor from(value);
  if (!refill_slot(slot_, from))
    throw failure(corrupt(key_group_of(hash_)));
}

// What keys take that have a slot: pages and buckets stay where there were more of them.
template <class K>
std::size_t keyed_store<K>::used_bytes() const {
  const std::size_t all = column_bytes() + keys_.bytes() + size_ * 2 * sizeof(bucket);
  const std::size_t unused = free_bytes() + (last_slot() - size_) * sizeof(K);
  return all - std::min(all, unused);
}

// By second chance. It makes more room than is missing, so that what changes is written together.
template <class K>
void keyed_store<K>::evict() {
  const std::size_t budget = cold_->store().budget();
  if (!cold_->exceeds(used_bytes(), budget))
    return;
  const std::size_t enough = budget - budget / 32;
  while (size_ > 0 && used_bytes() > enough) {
    const state_slot slot = cold_->next(last_slot());
    if (!keys_.has(slot) || cold_->spare(slot))
      continue;
    write_changed(slot);
    forget(slot);
  }
  cold_->flush();
  cold_->has_made_room(used_bytes(), budget);
  slot_ = no_slot;
}

template <class K>
void keyed_store<K>::write_changed(state_slot slot) const {
  if (!cold_->is_changed(slot))
    return;
  const K& key = keys_.at(slot);
  std::string value;
  save_slot(slot, value);
  cold_->write(slot, stored_key(key, key_hash(key)), std::move(value));
}

template <class K>
std::shared_ptr<const stored_files> keyed_store<K>::write_cold() const {
  each_key([this](state_slot slot) { write_changed(slot); });
  cold_->flush();
  return cold_->store().files();
}

template <class K>
result<bool> keyed_store<K>::read_stored_head(byte_cursor& from) {
  if (const auto head = read_head(from, key_type_text<K>()); !head)
    return head.error();
  return reads_own_states();
}

template <class K>
result<void> keyed_store<K>::load_stored(cold_states& from, key_group group) {
  const std::string prefix = stored_group(group);
  bool good = true;
  from.walk(prefix, [&](std::string_view bytes, std::string_view value) {
    byte_cursor of_key(bytes.substr(prefix.size())), of_value(value);
    K key{};
    if (!good || !read_key(of_key, key) || of_key.left() > 0)
      return void(good = false);
    const state_slot slot = add(key, key_hash(key));
    good = load_slot(slot, of_value) && of_value.left() == 0;
    if (cold_) {
      cold_->change(slot);
      evict();
    }
  });
  return good ? result<void>() : result<void>(corrupt(group));
}

template <class K>
template <class Visit>
void keyed_store<K>::visit_keys(Visit visit) {
  const auto at_hand = [&](const K& key) {
    enter(key);
    visit();
    leave();
  };
  if (!cold_)
    return each_key([&](state_slot slot) { at_hand(keys_.at(slot)); });
  each_key([this](state_slot slot) { write_changed(slot); });
  cold_->flush();
  cold_->store().walk({}, [&](std::string_view bytes, std::string_view) {
    byte_cursor from(bytes.substr(stored_group(0).size()));
    K key{};
    if (!read_key(from, key))
      throw failure(external_error("a key in the store of states is corrupt"));
    at_hand(key);
  });
}

extern template class keyed_store<std::int32_t>;
extern template class keyed_store<std::uint32_t>;
extern template class keyed_store<std::int64_t>;
extern template class keyed_store<std::uint64_t>;
extern template class keyed_store<std::string>;

} // namespace leat::detail
