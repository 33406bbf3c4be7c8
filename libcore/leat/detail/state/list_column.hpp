// Lists. An empty one is the same as none.
#pragma once

#include <leat/detail/state/state_column.hpp>

namespace leat::detail {

template <class V>
class list_column final : public paged_column<std::vector<V>> {
  using base = paged_column<std::vector<V>>;
  using base::cell, base::page, base::edit_page, base::meter_;

public:
  explicit list_column(std::string name)
      : base(std::move(name), state_kind::list, type_text<V>()) {}

  const std::vector<V>& at(state_slot slot) const { return cell(page(slot), slot); }

  std::vector<V>& edit(state_slot slot) {
    std::vector<V>& list = cell(edit_page(slot), slot);
    meter_.edit(list);
    return list;
  }

  /// Counts what is added alone: a long list would be walked at each record otherwise.
  void append(state_slot slot, V value) {
    std::vector<V>& list = cell(edit_page(slot), slot);
    meter_.settle();
    const std::size_t before = list.capacity();
    list.push_back(std::move(value));
    meter_.add((list.capacity() - before) * sizeof(V) + owned_bytes(list.back()));
  }

  bool has(state_slot slot) const override { return !at(slot).empty(); }

  void erase(state_slot slot) override {
    if (at(slot).capacity() != 0)
      edit(slot) = {};
  }

  std::unique_ptr<state_column> share() const override {
    return std::make_unique<list_column>(*this);
  }

  void save(state_slot slot, std::string& to) const override {
    encode_records(std::span<const V>(at(slot)), to);
  }
  bool load(state_slot slot, byte_cursor& from) override {
    return decode_records(from, edit(slot)) && has(slot);
  }
  const type_history& history() const override { return history_of<V>(); }
};

} // namespace leat::detail
