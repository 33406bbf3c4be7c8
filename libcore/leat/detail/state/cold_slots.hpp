// The slots of a store as a cache of a cold store: which of them were used lately, which differ
// from it, and whose turn it is to make room.
#pragma once

#include <leat/detail/state/state_column.hpp>
#include <leat/state_backend.hpp>

namespace leat::detail {

class cold_slots {
public:
  explicit cold_slots(std::unique_ptr<cold_states> store) : store_(std::move(store)) {}

  cold_states& store() { return *store_; }

  /// A slot has been taken, for a key that the store may have.
  void take(state_slot slot, bool stored) {
    if (marks_.size() <= slot)
      marks_.resize(slot + 1);
    marks_[slot] = used | (stored ? in_store : 0U);
  }
  void use(state_slot slot) { marks_[slot] |= used; }
  void change(state_slot slot) { marks_[slot] |= changed; }
  bool is_changed(state_slot slot) const { return (marks_[slot] & changed) != 0; }
  bool is_stored(state_slot slot) const { return (marks_[slot] & in_store) != 0; }

  /// The next slot in turn, of those up to the last one.
  state_slot next(state_slot last) { return hand_ = hand_ >= last ? 1 : hand_ + 1; }
  /// Whether it was used since its last turn.
  bool spare(state_slot slot) {
    const bool was = (marks_[slot] & used) != 0;
    marks_[slot] &= static_cast<std::uint8_t>(~used);
    return was;
  }

  /// Whether it is time to make room. What stays when all keys have gone may exceed the budget, so
  /// some must have come since the last time.
  bool exceeds(std::size_t bytes, std::size_t budget) const {
    return bytes > budget && bytes >= again_at_;
  }
  void has_made_room(std::size_t bytes, std::size_t budget) { again_at_ = bytes + budget / 32; }

  /// What a slot has is to be written to the store.
  void write(state_slot slot, std::string key, std::string value) {
    marks_[slot] = static_cast<std::uint8_t>((marks_[slot] & ~changed) | in_store);
    put({std::move(key), std::move(value)});
  }
  void erase(std::string key) { put({std::move(key), {}}); }
  /// Writes what is still gathered. Contract: done before the store is read.
  void flush() {
    if (changes_.empty())
      return;
    store_->write(changes_);
    changes_.clear();
  }

  std::size_t bytes() const { return marks_.capacity(); }

private:
  static constexpr std::uint8_t used = 1, changed = 2, in_store = 4;
  static constexpr std::size_t most_changes = 512;

  void put(state_change change) {
    changes_.push_back(std::move(change));
    if (changes_.size() >= most_changes)
      flush();
  }

  std::unique_ptr<cold_states> store_;
  std::vector<std::uint8_t> marks_; ///< by slot
  std::vector<state_change> changes_;
  state_slot hand_ = no_slot;
  std::size_t again_at_ = 0;
};

} // namespace leat::detail
