// Values, and aggregates, which are values with a verb.
#pragma once

#include <leat/detail/state/state_column.hpp>

#include <utility>

namespace leat::detail {

template <class V, state_kind Kind>
class value_column final : public paged_column<V> {
  using base = paged_column<V>;
  using base::cell, base::in_page, base::page, base::edit_page, base::meter_;

public:
  explicit value_column(std::string name) : base(std::move(name), Kind, type_text<V>()) {}

  const V& at(state_slot slot) const { return cell(page(slot), slot); }

  V& edit(state_slot slot) {
    page_head& head = edit_page(slot);
    head.present[slot % in_page] = true;
    V& value = cell(head, slot);
    meter_.edit(value);
    return value;
  }

  bool has(state_slot slot) const override { return page(slot).present[slot % in_page]; }

  void erase(state_slot slot) override {
    if (!has(slot))
      return;
    V& value = edit(slot);
    [[maybe_unused]] const V gone = std::move(value); // or a string would keep its memory
    value = at(no_slot);
    edit_page(slot).present[slot % in_page] = false;
  }

  std::unique_ptr<state_column> share() const override {
    return std::make_unique<value_column>(*this);
  }

  void save(state_slot slot, std::string& to) const override { append_binary(to, at(slot)); }
  bool load(state_slot slot, byte_cursor& from) override { return read_binary(from, edit(slot)); }
  const type_history& history() const override { return history_of<V>(); }
};

} // namespace leat::detail
