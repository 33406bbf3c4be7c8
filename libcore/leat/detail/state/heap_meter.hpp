// How many heap bytes the values of a column own, kept up to date without walking over them.
#pragma once

#include <leat/detail/state/state_type.hpp>

namespace leat::detail {

/// As heap_bytes. What is wrong with types that cannot be state, setup says in one sentence.
template <class T>
std::size_t owned_bytes(const T& value) {
  if constexpr (is_state_type<T>)
    return heap_bytes(value);
  return 0;
}

/// Values are changed through references, so what one owns is known only when its turn is over: the
/// value edited last is left out of the sum, and counted when asked or when the next one is edited.
template <class T>
class heap_meter {
public:
  /// This value, already counted, is about to be changed.
  void edit(const T& value) {
    if constexpr (counts) {
      if (&value == edited_)
        return;
      settle();
      settled_ -= owned_bytes(value);
      edited_ = &value;
    }
  }

  /// To be called before a value is moved or destroyed.
  void settle() {
    if constexpr (counts)
      settled_ = bytes();
    edited_ = nullptr;
  }

  void add(std::size_t bytes) { settled_ += bytes; }
  void subtract(std::size_t bytes) { settled_ -= bytes; }

  std::size_t bytes() const {
    if constexpr (counts)
      if (edited_)
        return settled_ + owned_bytes(*edited_);
    return settled_;
  }

private:
  static constexpr bool counts = owns_heap<T>;

  const T* edited_ = nullptr;
  std::size_t settled_ = 0;
};

} // namespace leat::detail
