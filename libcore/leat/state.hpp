// Keyed state: what an operator remembers of each key. An operator has handles as members, sets
// them in `open` by leat::setup, and reads and writes through leat::context, for the key of the
// current record.
//
//   leat::value_state<V>         one value
//   leat::list_state<V>          values in the order in which they were appended
//   leat::map_state<K, V>        values by key, in ascending order of the keys
//   leat::aggregating_state<A>   what A makes of all that was added: `void add(const X&)` and
//                                `auto result() const`
//
// V and A are types that can be saved: scalars, texts, records, and std::optional, std::vector,
// std::array, std::pair and std::tuple of these. An aggregate of several members is a record: it
// declares its fields. What is not declared is not saved. The K of a map is what records can be
// keyed by.
#pragma once

#include <leat/detail/state/list_column.hpp>
#include <leat/detail/state/map_column.hpp>
#include <leat/detail/state/value_column.hpp>

namespace leat {

/// A handle to one value for each key; obtained from setup::value.
template <class V>
class value_state {
public:
  value_state() = default;

private:
  friend class setup;
  friend class context;
  using column = detail::value_column<V, detail::state_kind::value>;
  explicit value_state(column& to) : column_(&to) {}
  column* column_ = nullptr;
};

/// A handle to one list for each key; obtained from setup::list.
template <class V>
class list_state {
public:
  list_state() = default;

private:
  friend class setup;
  friend class context;
  using column = detail::list_column<V>;
  explicit list_state(column& to) : column_(&to) {}
  column* column_ = nullptr;
};

/// A handle to one map for each key; obtained from setup::map.
template <class K, class V>
class map_state {
public:
  map_state() = default;

private:
  friend class setup;
  friend class context;
  using column = detail::map_column<K, V>;
  explicit map_state(column& to) : column_(&to) {}
  column* column_ = nullptr;
};

/// A handle to one aggregate for each key; obtained from setup::aggregating.
template <class A>
class aggregating_state {
public:
  aggregating_state() = default;

private:
  friend class setup;
  friend class context;
  using column = detail::value_column<A, detail::state_kind::aggregating>;
  explicit aggregating_state(column& to) : column_(&to) {}
  column* column_ = nullptr;
};

} // namespace leat
