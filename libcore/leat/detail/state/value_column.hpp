// Values, and aggregates, which are values with a verb.
#pragma once

#include <leat/detail/state/state_column.hpp>

#include <array>
#include <bitset>
#include <utility>

namespace leat::detail {

/// Cells that have no value are value-initialised, so that reading need not ask.
template <class V>
struct value_page {
  static constexpr std::size_t length = cells_in_page<V>;
  value_page() : values() {}

  std::size_t heap_bytes() const { return owned_bytes(values); }

  std::bitset<length> present;
  std::array<V, length> values;
};

template <class V, state_kind Kind>
class value_column final : public paged_column<value_page<V>, V> {
  using base = paged_column<value_page<V>, V>;
  using base::edit_page, base::meter_;
  static constexpr std::size_t length = value_page<V>::length;

public:
  explicit value_column(std::string name) : base(std::move(name), Kind, type_text<V>()) {}

  const V& at(state_slot slot) const { return this->page(slot).values[slot % length]; }

  V& edit(state_slot slot) {
    value_page<V>& page = edit_page(slot);
    page.present[slot % length] = true;
    V& value = page.values[slot % length];
    meter_.edit(value);
    return value;
  }

  bool has(state_slot slot) const override { return this->page(slot).present[slot % length]; }

  void erase(state_slot slot) override {
    if (!has(slot))
      return;
    V& value = edit(slot);
    [[maybe_unused]] const V gone = std::move(value); // or a string would keep its memory
    value = at(no_slot);
    edit_page(slot).present[slot % length] = false;
  }

  std::unique_ptr<state_column> share() const override {
    return std::make_unique<value_column>(*this);
  }

  void save(state_slot slot, std::string& to) const override { append_binary(to, at(slot)); }
  bool load(state_slot slot, byte_cursor& from) override { return read_binary(from, edit(slot)); }
};

} // namespace leat::detail
