// Keyed state: what an operator remembers of each key. One look-up a record finds the key's slot;
// every state of the operator then stands at that slot in a column of its own.
#pragma once

#include <leat/detail/record/key.hpp>

#include <memory>
#include <string>
#include <tsl/robin_map.h>
#include <vector>

namespace leat {

namespace detail {
/// Throws leat::failure.
[[noreturn]] void state_never_set(std::string_view value_type);
} // namespace detail

using state_slot = std::uint32_t;

/// One state of all keys of a subtask.
class state_column {
public:
  explicit state_column(std::string name) : name_(std::move(name)) {}
  virtual ~state_column() = default;
  const std::string& name() const { return name_; }

private:
  std::string name_;
};

/// Values in pages, so that they never move.
template <class V>
class value_column final : public state_column {
public:
  using state_column::state_column;

  V& at(state_slot slot) {
    const std::size_t page = slot / page_length;
    while (page >= pages_.size())
      pages_.push_back(std::make_unique<V[]>(page_length));
    return pages_[page][slot % page_length];
  }

private:
  static constexpr std::size_t page_length = 256;
  std::vector<std::unique_ptr<V[]>> pages_;
};

/// A handle to one value for each key; obtained from setup::value, read through context::get.
template <class V>
class value_state {
public:
  value_state() = default;

private:
  friend class setup;
  friend class context;
  explicit value_state(value_column<V>& column) : column_(&column) {}
  value_column<V>* column_ = nullptr;
};

/// Gives each key of a subtask a slot, by key group.
template <class K>
class key_slots {
public:
  state_slot slot_of(const K& key, std::uint64_t hash) {
    auto& group = groups_[key_group_of(hash)];
    // The table indexes by low bits, which are the same throughout a group.
    const auto spread = static_cast<std::size_t>(hash / max_parallelism);
    const auto found = group.find(key, spread);
    if (found != group.end())
      return found->second;
    group.emplace(key, count_);
    return count_++;
  }

  std::size_t size() const { return count_; }

private:
  struct spread_hash {
    std::size_t operator()(const K& key) const { return key_hash(key) / max_parallelism; }
  };
  struct same_key {
    bool operator()(const K& a, const K& b) const { return detail::same_key(a, b); }
  };

  std::vector<tsl::robin_map<K, state_slot, spread_hash, same_key>> groups_{max_parallelism};
  state_slot count_ = 0;
};

} // namespace leat
