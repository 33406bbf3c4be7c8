// A column of values that mostly repeat or count up: what it takes to keep stamps small.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace leat {

/// Values that mostly repeat (Step 0) or count up by one (Step 1). While they do, it stores the
/// first value only.
template <class T, unsigned Step = 0>
class run_column {
public:
  using value_type = T;

  run_column() = default;
  /// A run of `size` values.
  run_column(const T& first, std::size_t size) : first_(first), size_(size) {}
  explicit run_column(std::vector<T> values) : size_(values.size()), values_(std::move(values)) {}

  void push_back(const T& value) {
    if (!values_.empty())
      values_.push_back(value);
    else if (size_ == 0)
      first_ = value;
    else if (value != expected(size_))
      end_run(value);
    ++size_;
  }

  T operator[](std::size_t i) const { return values_.empty() ? expected(i) : values_[i]; }
  /// True if the first value and the size tell all.
  bool is_run() const { return values_.empty(); }
  std::size_t size() const { return size_; }
  std::size_t heap_bytes() const { return values_.capacity() * sizeof(T); }
  void truncate(std::size_t size) {
    if (size >= size_)
      return;
    if (!values_.empty())
      values_.resize(size);
    size_ = size;
  }

private:
  // From here on each value is stored.
  [[gnu::noinline]] void end_run(const T& value) {
    values_.reserve(size_ + 64);
    for (std::size_t i = 0; i < size_; ++i)
      values_.push_back(expected(i));
    values_.push_back(value);
  }

  T expected(std::size_t i) const {
    if constexpr (Step == 0)
      return (void)i, first_;
    else
      return first_ + static_cast<T>(i * Step);
  }

  T first_{};
  std::size_t size_ = 0;
  std::vector<T> values_; // empty as long as first_ and size_ tell all
};

} // namespace leat
