// The keys of a subtask by slot, in pages that snapshots share.
#pragma once

#include <leat/detail/state/state_column.hpp>

namespace leat::detail {

/// Copies share their pages.
template <class K>
class key_column : cells_of<K> {
  using cells = cells_of<K>;
  using cells::cell, cells::in_page;

public:
  /// Makes slots up to and including this one.
  void reach(state_slot slot) { pages_.reach(slot / in_page); }
  bool has(state_slot slot) const { return page(slot).present[slot % in_page]; }
  const K& at(state_slot slot) const { return cell(page(slot), slot); }

  /// Contract: not has(slot).
  void put(state_slot slot, K key) {
    page_head& head = edit_page(slot);
    head.present[slot % in_page] = true;
    K& kept = cell(head, slot);
    kept = std::move(key);
    owned_ += heap_bytes(kept);
  }
  /// Contract: has(slot).
  void erase(state_slot slot) {
    page_head& head = edit_page(slot);
    head.present[slot % in_page] = false;
    K& kept = cell(head, slot);
    owned_ -= heap_bytes(kept);
    kept = K{};
  }

  /// Heap memory of pages, and of what keys own.
  std::size_t bytes() const { return pages_.bytes() + owned_; }

private:
  const page_head& page(state_slot slot) const { return pages_.head(slot / in_page); }
  page_head& edit_page(state_slot slot) {
    const std::size_t i = slot / in_page;
    if (pages_.shared(i)) [[unlikely]]
      owned_ += pages_.unshare(i);
    return pages_.head(i);
  }

  page_list pages_{cell_type_of<K>};
  std::size_t owned_ = 0;
};

} // namespace leat::detail
