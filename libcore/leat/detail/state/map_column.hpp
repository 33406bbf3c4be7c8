// Maps in the order of their keys. An empty one is the same as none.
#pragma once

#include <leat/detail/record/key_codec.hpp>
#include <leat/detail/state/state_column.hpp>

#include <map>

namespace leat::detail {

/// The entries of a map_state: what is in it and in which order does not depend on its history.
template <class K, class V>
using state_map = std::map<K, V, key_order>;

/// What an entry takes on the heap: a node of a red-black tree, and what key and value own.
template <class K, class V>
std::size_t entry_bytes(const std::pair<const K, V>& entry) {
  return 4 * sizeof(void*) + sizeof entry + heap_bytes(entry.first) + owned_bytes(entry.second);
}

template <class K, class V>
std::size_t owned_bytes(const state_map<K, V>& map) {
  std::size_t bytes = 0;
  for (const auto& entry : map)
    bytes += entry_bytes(entry);
  return bytes;
}

template <class K, class V>
class map_column final : public paged_column<state_map<K, V>, V> {
  using base = paged_column<state_map<K, V>, V>;
  using base::cell, base::page, base::edit_page, base::meter_;

public:
  explicit map_column(std::string name)
      : base(std::move(name), state_kind::map, key_type_text<K>() + " -> " + type_text<V>()) {}

  const state_map<K, V>& at(state_slot slot) const { return cell(page(slot), slot); }

  const V* find(state_slot slot, const K& key) const {
    const auto found = at(slot).find(key);
    return found == at(slot).end() ? nullptr : &found->second;
  }

  V& edit(state_slot slot, const K& key) {
    auto& map = edit_map(slot);
    auto entry = map.lower_bound(key);
    if (entry == map.end() || key_before(key, entry->first)) {
      entry = map.emplace_hint(entry, canonical_key(key), V());
      meter_.add(entry_bytes(*entry));
    }
    meter_.edit(entry->second);
    return entry->second;
  }

  void erase(state_slot slot, const K& key) {
    if (!find(slot, key))
      return;
    auto& map = edit_map(slot);
    const auto entry = map.find(key);
    meter_.settle();
    meter_.subtract(entry_bytes(*entry));
    map.erase(entry);
  }

  bool has(state_slot slot) const override { return !at(slot).empty(); }

  void erase(state_slot slot) override {
    if (!has(slot))
      return;
    auto& map = edit_map(slot);
    meter_.settle();
    meter_.subtract(owned_bytes(map));
    map.clear();
  }

  std::unique_ptr<state_column> share() const override {
    return std::make_unique<map_column>(*this);
  }

  void save(state_slot slot, std::string& to) const override {
    grow_buffer(to, binary_length_size(at(slot).size())).put_length(at(slot).size());
    for (const auto& [key, value] : at(slot)) {
      append_key(to, key);
      append_binary(to, value);
    }
  }

  bool load(state_slot slot, byte_cursor& from) override {
    std::size_t count = 0;
    if (!from.take_length(count) || count == 0)
      return false;
    for (const K* last = nullptr; count > 0; --count) {
      K key{};
      if (!read_key(from, key) || (last && !key_before(*last, key)))
        return false;
      if (!read_binary(from, edit(slot, key)))
        return false;
      last = &at(slot).rbegin()->first;
    }
    return true;
  }

  const type_history& history() const override { return history_of<V>(); }

private:
  state_map<K, V>& edit_map(state_slot slot) { return cell(edit_page(slot), slot); }
};

} // namespace leat::detail
