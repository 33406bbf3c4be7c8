// Stateless steps, fused at compile time: a chain of them is one loop, without a virtual call or a
// container per record. A chain runs behind the stage that feeds it, in the same actor.
//
// `push` sends a record through the chain into `down` and answers whether the next may come. A
// chain that expands keeps what it could not yet pass on; `resume` goes on with it and is true when
// nothing is kept any more.
#pragma once

#include <iterator>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

namespace leat {

/// The empty chain.
template <class T>
struct pass {
  using in = T;
  using out = T;
  static constexpr bool expands = false;

  template <class X, class Down>
  bool push(X&& record, Down&& down) {
    return down(std::forward<X>(record));
  }
  template <class Down>
  bool resume(Down&&) {
    return true;
  }
};

template <class Before, class F>
struct map_step {
  using in = typename Before::in;
  using out = std::remove_cvref_t<std::invoke_result_t<const F&, const typename Before::out&>>;
  static constexpr bool expands = Before::expands;

  template <class X, class Down>
  bool push(X&& record, Down&& down) {
    return before.push(std::forward<X>(record), after(down));
  }
  template <class Down>
  bool resume(Down&& down) {
    return before.resume(after(down));
  }
  template <class Down>
  auto after(Down& down) const {
    return [this, &down](auto&& r) { return down(std::as_const(f)(std::as_const(r))); };
  }

  Before before;
  F f;
};

template <class Before, class F>
struct filter_step {
  using in = typename Before::in;
  using out = typename Before::out;
  static constexpr bool expands = Before::expands;

  template <class X, class Down>
  bool push(X&& record, Down&& down) {
    return before.push(std::forward<X>(record), after(down));
  }
  template <class Down>
  bool resume(Down&& down) {
    return before.resume(after(down));
  }
  template <class Down>
  auto after(Down& down) const {
    return [this, &down](auto&& r) {
      return std::as_const(f)(std::as_const(r)) ? down(std::forward<decltype(r)>(r)) : true;
    };
  }

  Before before;
  F f;
};

/// `f` gives a range of records; it is walked as far as the output takes it, then kept.
template <class Before, class F>
struct flat_map_step {
  using in = typename Before::in;
  using range = std::remove_cvref_t<std::invoke_result_t<const F&, const typename Before::out&>>;
  using out = std::remove_cvref_t<std::ranges::range_value_t<range>>;
  static constexpr bool expands = true;

  flat_map_step(Before b, F g) : before(std::move(b)), f(std::move(g)) {}
  // A step is copied before it runs, so a walk under way has no business in the copy.
  flat_map_step(const flat_map_step& o) : before(o.before), f(o.f) {}
  flat_map_step(flat_map_step&& o) noexcept : before(std::move(o.before)), f(std::move(o.f)) {}

  template <class X, class Down>
  bool push(X&& record, Down&& down) {
    return before.push(std::forward<X>(record), after(down));
  }
  template <class Down>
  bool resume(Down&& down) {
    if (items && !walk(down))
      return false;
    return before.resume(after(down));
  }
  template <class Down>
  auto after(Down& down) {
    return [this, &down](auto&& r) {
      while (items) // an earlier step expands too: finish the older range first
        walk(down);
      items.emplace(std::as_const(f)(keep(r)));
      next.emplace(std::ranges::begin(*items));
      return walk(down);
    };
  }

  // A lazy range may refer to the record it came from, so that record stays as long as the range.
  template <class Record>
  const Record& keep(const Record& record) {
    if constexpr (std::ranges::view<range>)
      return source.emplace(record);
    else
      return record;
  }

  template <class Down>
  bool walk(Down& down) {
    bool go_on = true;
    while (go_on && *next != std::ranges::end(*items)) {
      go_on = down(out(**next));
      ++*next;
    }
    if (*next == std::ranges::end(*items)) {
      next.reset();
      items.reset();
    }
    return go_on;
  }

  Before before;
  F f;
  std::optional<typename Before::out> source;
  std::optional<range> items;
  std::optional<std::ranges::iterator_t<range>> next;
};

} // namespace leat
