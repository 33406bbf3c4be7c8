// Keyed state of one subtask: which key has which slot, by key group; saved and loaded by key
// group.
//
// Saved, little-endian: the format's version, a head (key group, type of the keys, name,
// fingerprint and form of each state), the number of keys; then each key in ascending order, and
// for each state, in the order of their names, one byte that is 1 if it is present, and then its
// value. So the bytes say what is in the group, and nothing of how it came there.
#pragma once

#include <leat/detail/record/key_codec.hpp>
#include <leat/detail/state/cow.hpp>
#include <leat/detail/state/state_store.hpp>

#include <tsl/robin_map.h>

namespace leat::detail {

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
  }

  /// Forgets the key at hand if no state is left of it.
  void leave() {
    if (may_be_empty_) [[unlikely]]
      drop_if_empty();
  }

  /// The key at hand. Contract: there is one.
  const K& key() const { return *key_; }
  std::uint64_t hash() const { return hash_; }

  /// The number of keys that have state.
  std::size_t size() const { return size_; }
  bool contains(const K& key) const { return find(key, key_hash(key)) != no_slot; }

  /// The keys of a group that have state, in ascending order.
  std::vector<K> keys(key_group group) const;

  /// The groups that have keys, in ascending order.
  std::vector<key_group> groups() const;

  /// Heap memory of keys and states; pages that a snapshot shares are counted in both.
  std::size_t bytes() const;

  /// The contents of this moment, shared until they change here. It may be used, and dropped, by
  /// another thread. Takes time for pages, not for keys. Not while a key is at hand.
  std::shared_ptr<const keyed_store> snapshot() const;

  /// Appends the keys and states of a group.
  void save(key_group group, std::string& to) const;

  /// Replaces a group by what was saved of it. An error means that the bytes are corrupt, or speak
  /// of other states than were declared here; the group is then empty, or as before if the head
  /// was refused.
  result<void> load(std::string_view bytes);

  /// Erases all keys of a group.
  void clear(key_group group);

private:
  /// The table indexes by low bits, which are the same throughout a group.
  static std::size_t spread(std::uint64_t hash) {
    return static_cast<std::size_t>(hash / max_parallelism);
  }
  struct spread_hash {
    std::size_t operator()(const K& key) const { return spread(key_hash(key)); }
  };
  struct equal {
    bool operator()(const K& a, const K& b) const { return same_key(a, b); }
  };
  using slot_table = tsl::robin_map<K, state_slot, spread_hash, equal>;
  using bucket = tsl::detail_robin_hash::bucket_entry<std::pair<K, state_slot>, false>;

  /// Shares the contents.
  keyed_store(const keyed_store&);

  state_slot find(const K& key, std::uint64_t hash) const {
    const slot_table& group = *groups_[key_group_of(hash)];
    const auto found = group.find(key, spread(hash));
    return found == group.end() ? no_slot : found->second;
  }

  state_slot add(const K& key, std::uint64_t hash);
  state_slot add_key_at_hand() override;
  void drop_if_empty();
  std::vector<const std::pair<K, state_slot>*> entries(key_group group) const;
  bool load_keys(byte_cursor& from, key_group group);

  std::vector<cow<slot_table>> groups_;
  std::size_t size_ = 0;
  std::size_t key_bytes_ = 0; ///< what keys own on the heap
  const K* key_ = nullptr;
  std::uint64_t hash_ = 0;
};

// Defined apart, so that they are compiled with the library for keys of the usual types.

template <class K>
keyed_store<K>::keyed_store() : groups_(max_parallelism, cow<slot_table>{}) {}
template <class K>
keyed_store<K>::keyed_store(const keyed_store&) = default;
template <class K>
keyed_store<K>::~keyed_store() = default;

template <class K>
std::vector<K> keyed_store<K>::keys(key_group group) const {
  std::vector<K> all;
  for (const auto* entry : entries(group))
    all.push_back(entry->first);
  return all;
}

template <class K>
std::vector<key_group> keyed_store<K>::groups() const {
  std::vector<key_group> all;
  for (key_group group = 0; group < max_parallelism; ++group)
    if (!groups_[group]->empty())
      all.push_back(group);
  return all;
}

template <class K>
std::size_t keyed_store<K>::bytes() const {
  std::size_t bytes = column_bytes() + key_bytes_;
  for (const auto& table : groups_)
    bytes += table->bucket_count() * sizeof(bucket);
  return bytes;
}

template <class K>
std::shared_ptr<const keyed_store<K>> keyed_store<K>::snapshot() const {
  return std::shared_ptr<const keyed_store>(new keyed_store(*this));
}

template <class K>
void keyed_store<K>::save(key_group group, std::string& to) const {
  append_head(to, group, key_type_text<K>());
  const auto all = entries(group);
  grow_buffer(to, binary_length_size(all.size())).put_length(all.size());
  for (const auto* entry : all) {
    append_key(to, entry->first);
    save_slot(entry->second, to);
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
  return external_error("the saved state of key group " + std::to_string(*group) + " is corrupt");
}

template <class K>
void keyed_store<K>::clear(key_group group) {
  for (const auto& [key, slot] : *groups_[group]) {
    key_bytes_ -= heap_bytes(key);
    --size_;
    give_back(slot);
  }
  groups_[group] = {};
}

template <class K>
state_slot keyed_store<K>::add(const K& key, std::uint64_t hash) {
  const state_slot slot = take_slot();
  const auto [entry, fresh] = groups_[key_group_of(hash)].edit().emplace(canonical_key(key), slot);
  assert(fresh);
  key_bytes_ += heap_bytes(entry->first);
  ++size_;
  return slot;
}

template <class K>
state_slot keyed_store<K>::add_key_at_hand() {
  return add(*key_, hash_);
}

template <class K>
void keyed_store<K>::drop_if_empty() {
  may_be_empty_ = false;
  if (slot_ == no_slot || has_state(slot_))
    return;
  slot_table& group = groups_[key_group_of(hash_)].edit();
  const auto entry = group.find(*key_, spread(hash_));
  key_bytes_ -= heap_bytes(entry->first);
  --size_;
  group.erase(entry);
  give_back(std::exchange(slot_, no_slot));
}

template <class K>
auto keyed_store<K>::entries(key_group group) const
    -> std::vector<const std::pair<K, state_slot>*> {
  std::vector<const std::pair<K, state_slot>*> all;
  all.reserve(groups_[group]->size());
  for (const auto& entry : *groups_[group])
    all.push_back(&entry);
  std::sort(all.begin(), all.end(),
            [](const auto* a, const auto* b) { return key_before(a->first, b->first); });
  return all;
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
    if (key_group_of(hash) != group || !load_slot(add(key, hash), from))
      return false;
    last = std::move(key);
  }
  return true;
}

extern template class keyed_store<std::int32_t>;
extern template class keyed_store<std::uint32_t>;
extern template class keyed_store<std::int64_t>;
extern template class keyed_store<std::uint64_t>;
extern template class keyed_store<std::string>;

} // namespace leat::detail
