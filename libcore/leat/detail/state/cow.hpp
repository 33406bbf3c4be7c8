// Copy on write: what a store shares with its snapshots.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace leat::detail {

/// A value that several hold; whoever changes it while others hold it gets a copy first. Holders
/// may live in different threads, each of them used by one thread at a time.
template <class T>
class cow {
public:
  cow() : node_(new node) {}
  cow(const cow& other) noexcept : node_(other.node_) {
    node_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  cow(cow&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  cow& operator=(cow other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~cow() {
    if (node_ && node_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete node_;
  }

  const T& operator*() const { return node_->value; }
  const T* operator->() const { return &node_->value; }
  friend bool operator==(const cow& a, const cow& b) { return a.node_ == b.node_; } ///< one value

  /// Acquires what the others did before they let go: it may be changed in place then.
  bool shared() const { return node_->holders.load(std::memory_order_acquire) != 1; }
  void unshare() { *this = cow(new node(node_->value)); }

  /// Contract: not shared.
  T& own() {
    assert(!shared());
    return node_->value;
  }
  T& edit() {
    if (shared())
      unshare();
    return own();
  }

  /// What one value takes on the heap, without what it owns itself.
  static constexpr std::size_t node_bytes() { return sizeof(node); }

private:
  struct node {
    node() = default;
    explicit node(const T& v) : value(v) {}
    std::atomic<std::uint32_t> holders{1};
    T value{};
  };
  explicit cow(node* n) : node_(n) {}

  node* node_;
};

} // namespace leat::detail
