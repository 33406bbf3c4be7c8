// The states of one subtask, by slot, and the key at hand: what contexts and setup see of a store
// whose keys are of any type.
#pragma once

#include <leat/detail/record/conversion.hpp>
#include <leat/detail/state/saved_group.hpp>
#include <leat/detail/state/state_column.hpp>
#include <leat/error.hpp>

namespace leat::detail {

class state_store {
public:
  virtual ~state_store() = default;

  /// Adds a state. Throws leat::failure if there is one of this name.
  template <class Column>
  Column& declare(std::string name) {
    auto made = std::make_unique<Column>(std::move(name));
    Column& column = *made;
    add(std::move(made));
    return column;
  }
  /// The types of all states, to be saved before the first group.
  std::vector<saved_state_text> types() const;
  /// The types with which the groups that are loaded next were saved. What differs is converted.
  void expect_types(std::vector<saved_state_text> types);

  /// Whether it has no states, so that nobody need look for keys.
  bool stateless() const { return columns_.empty(); }

  /// The slot of the key at hand; no_slot if it has no state.
  state_slot slot() const { return slot_; }
  /// The slot of the key at hand, which gets one if it has none: to be written to.
  state_slot claim() {
    written_ = true;
    if (slot_ == no_slot) [[unlikely]]
      slot_ = add_key_at_hand();
    return slot_;
  }
  /// Something of the key at hand is erased or may turn out empty: so perhaps nothing is left.
  void may_be_empty() { written_ = may_be_empty_ = true; }

protected:
  state_store() = default;
  /// Shares the contents. There is no key at hand.
  state_store(const state_store& other);
  state_store& operator=(const state_store&) = delete;

  virtual state_slot add_key_at_hand() = 0;

  bool has_state(state_slot slot) const;
  /// All slots ever taken are up to this one.
  state_slot last_slot() const { return last_slot_; }
  state_slot take_slot();
  /// Erases what is left at the slot.
  void give_back(state_slot slot);
  std::size_t column_bytes() const;
  /// What slots take in pages that no key has.
  std::size_t free_bytes() const;

  void append_head(std::string& to, key_group group, std::string_view key_type) const;
  /// The key group, if the head speaks of keys of this type, and of states that these can be
  /// loaded from.
  result<key_group> read_head(byte_cursor& from, std::string_view key_type);
  void save_slot(state_slot slot, std::string& to) const;
  /// After read_head. False if the bytes are none that save_slot writes.
  bool load_slot(state_slot slot, byte_cursor& from);
  /// The same for bytes that a store with these very states has written.
  bool refill_slot(state_slot slot, byte_cursor& from);
  /// Whether the head that was read last has these very states.
  bool reads_own_states() const;

  state_slot slot_ = no_slot;
  bool may_be_empty_ = false; ///< or has something else to do at leave()
  bool written_ = false;      ///< since the key is at hand, perhaps

private:
  /// How a saved state is loaded.
  struct column_load {
    state_column* to = nullptr;
    std::optional<state_conversion> from; ///< none: it was saved as it is
  };

  void add(std::unique_ptr<state_column> column);
  result<void> match(const std::vector<saved_state>& saved);
  result<column_load> loading(state_column& column, const saved_state& saved) const;
  static bool load_cell(const column_load& load, state_slot slot, byte_cursor& from);

  std::vector<std::unique_ptr<state_column>> columns_; ///< in the order of their names
  std::vector<state_slot> free_;
  state_slot last_slot_ = no_slot;
  std::vector<saved_state_text> saved_types_; ///< of what is loaded
  std::vector<saved_state> loaded_;           ///< the states that loads_ are for, in their order
  std::vector<column_load> loads_;
};

} // namespace leat::detail
