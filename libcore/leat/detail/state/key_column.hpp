// The keys of a subtask by slot, in pages that snapshots share.
#pragma once

#include <leat/detail/record/byte_count.hpp>
#include <leat/detail/state/page_list.hpp>
#include <leat/detail/state/state_column.hpp>

#include <array>
#include <bitset>

namespace leat::detail {

template <class K>
struct key_page {
  static constexpr std::size_t length = cells_in_page<K>;

  std::size_t heap_bytes() const { return leat::heap_bytes(keys); }

  std::bitset<length> present;
  std::array<K, length> keys{};
};

/// Copies share their pages.
template <class K>
class key_column {
public:
  /// Makes slots up to and including this one.
  void reach(state_slot slot) { pages_.reach(slot / length); }
  bool has(state_slot slot) const { return page(slot).present[slot % length]; }
  const K& at(state_slot slot) const { return page(slot).keys[slot % length]; }

  /// Contract: not has(slot).
  void put(state_slot slot, K key) {
    page_of_own& p = edit_page(slot);
    p.present[slot % length] = true;
    K& kept = p.keys[slot % length];
    kept = std::move(key);
    owned_ += heap_bytes(kept);
  }
  /// Contract: has(slot).
  void erase(state_slot slot) {
    page_of_own& p = edit_page(slot);
    p.present[slot % length] = false;
    K& kept = p.keys[slot % length];
    owned_ -= heap_bytes(kept);
    kept = K{};
  }

  /// Heap memory of pages, and of what keys own.
  std::size_t bytes() const { return pages_.bytes() + owned_; }

private:
  using page_of_own = key_page<K>;
  static constexpr std::size_t length = page_of_own::length;

  const page_of_own& page(state_slot slot) const {
    return pages_.template at<page_of_own>(slot / length);
  }
  page_of_own& edit_page(state_slot slot) {
    if (pages_.shared(slot / length))
      owned_ += pages_.unshare(slot / length);
    return pages_.template own<page_of_own>(slot / length);
  }

  page_list pages_{page_type_of<page_of_own>};
  std::size_t owned_ = 0;
};

} // namespace leat::detail
