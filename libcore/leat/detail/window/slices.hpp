// The slices of a key: disjoint spans of time with what fell into each, and what rows of them come
// to. Windows that slide share them.
//
// A row is folded in two parts, as van Herk (1992) and Gil and Werman (1993) do for the maximum of
// a sliding row: time is cut into blocks as long as a window, so that each window is the end of one
// block and the beginning of the next. Ends of a block are folded once, when it is complete, and
// beginnings one slice after the other. So a window costs three merges, however many slices it has,
// and the result depends on the slices alone.
#pragma once

#include <leat/detail/record/byte_count.hpp>
#include <leat/record.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace leat::detail {

/// What falls into a slice. Times are in microseconds since 1970.
template <class A>
struct slice {
  std::int64_t start = 0;
  A value{};
  static constexpr auto fields = leat::fields("slice", leat::field("start", &slice::start),
                                              leat::field("value", &slice::value));
};

template <class A>
class slices {
public:
  bool empty() const { return all_.empty(); }

  /// Adds a record to the slice that begins here. True if that is new.
  template <class T>
  bool add(std::int64_t start, const T& record) {
    if (start < folded_.until)
      folded_ = {};
    bool is_new = false;
    A& value = find(start, is_new);
    if constexpr (owns_heap<A>)
      owned_ -= std::min(owned_, heap_bytes(value));
    value.add(record);
    if constexpr (owns_heap<A>)
      owned_ += heap_bytes(value);
    return is_new;
  }

  /// Calls `emit(aggregate)` with the fold of the slices that begin in [from, to), if there are
  /// any.
  template <class Emit>
  void fold(std::int64_t from, std::int64_t to, Emit emit) {
    const auto first = at_or_after(from), behind = at_or_after(to);
    if (first == behind)
      return;
    if (behind - first == 1)
      return emit(std::as_const(first->value));
    const std::int64_t border = to - modulo(to, to - from);
    fold_up_to(from, border, to);
    const auto ending = std::partition_point(folded_.endings.begin(), folded_.endings.end(),
                                             [&](const auto& s) { return s.start >= from; });
    if (ending == folded_.endings.begin())
      return emit(std::as_const(*folded_.beginning));
    const A& end_of_block = (ending - 1)->value;
    if (!folded_.beginning)
      return emit(end_of_block);
    A both = end_of_block;
    both.merge(*folded_.beginning);
    emit(std::as_const(both));
  }

  /// The first slice for which that is false, and all behind it; null if there is none.
  template <class Expired>
  const slice<A>* first_not(Expired expired) const {
    const auto place = std::partition_point(all_.begin(), all_.end(),
                                            [&](const slice<A>& s) { return expired(s.start); });
    return place == all_.end() ? nullptr : &*place;
  }
  const slice<A>* behind(const slice<A>* s) const { return s == &all_.back() ? nullptr : s + 1; }

  /// Forgets what expired, now or when it is worth the while.
  template <class Expired>
  void expire(Expired expired) {
    const auto kept = std::partition_point(all_.begin(), all_.end(),
                                           [&](const slice<A>& s) { return expired(s.start); });
    if (kept != all_.end() && 2 * (kept - all_.begin()) < static_cast<std::ptrdiff_t>(all_.size()))
      return;
    if constexpr (owns_heap<A>)
      for (auto gone = all_.begin(); gone != kept; ++gone)
        owned_ -= std::min(owned_, heap_bytes(gone->value));
    all_.erase(all_.begin(), kept);
  }

  std::size_t heap_bytes_now() const {
    if constexpr (owns_heap<A>)
      if (owned_ == 0) // perhaps they were loaded
        for (const slice<A>& s : all_)
          owned_ += heap_bytes(s.value);
    return owned_ + (all_.capacity() + folded_.endings.capacity()) * sizeof(slice<A>);
  }

private:
  /// Folds of a block's ends, by where they begin, falling; and of the beginning of the next block,
  /// which begins at the border.
  struct folds {
    std::vector<slice<A>> endings;
    std::optional<A> beginning;
    std::int64_t border = std::numeric_limits<std::int64_t>::min();
    std::int64_t from = border;  ///< ends that begin from here on are there
    std::int64_t until = border; ///< the beginning reaches so far
  };

  static std::int64_t modulo(std::int64_t t, std::int64_t by) {
    const std::int64_t rest = t % by;
    return rest < 0 ? rest + by : rest;
  }

  auto at_or_after(std::int64_t start) {
    return std::lower_bound(all_.begin(), all_.end(), start,
                            [](const slice<A>& s, std::int64_t t) { return s.start < t; });
  }
  A& find(std::int64_t start, bool& is_new) {
    if (!all_.empty() && all_.back().start == start)
      return all_.back().value;
    const auto place = at_or_after(start);
    is_new = place == all_.end() || place->start != start;
    return is_new ? all_.insert(place, {start, A{}})->value : place->value;
  }

  void fold_up_to(std::int64_t from, std::int64_t border, std::int64_t to) {
    if (folded_.border != border || from < folded_.from || to < folded_.until)
      fold_block(from, border);
    for (auto s = at_or_after(std::max(border, folded_.until)); s != all_.end() && s->start < to;
         ++s)
      if (folded_.beginning)
        folded_.beginning->merge(s->value);
      else
        folded_.beginning = s->value;
    folded_.until = to;
  }
  void fold_block(std::int64_t from, std::int64_t border) {
    folded_.endings.clear();
    folded_.beginning.reset();
    folded_.border = folded_.until = border;
    folded_.from = from;
    const auto first = at_or_after(from);
    for (auto s = at_or_after(border); s-- != first;) {
      folded_.endings.push_back(*s);
      if (folded_.endings.size() > 1)
        folded_.endings.back().value.merge((folded_.endings.end() - 2)->value);
    }
  }

  std::vector<slice<A>> all_; ///< by start
  folds folded_;
  mutable std::size_t owned_ = 0; ///< heap bytes of all values

public:
  /// What is folded is found anew.
  static constexpr auto fields = leat::fields("slices", leat::field("all", &slices::all_));
};

} // namespace leat::detail

template <class A>
struct leat::heap_bytes_of<leat::detail::slices<A>> {
  static std::size_t count(const leat::detail::slices<A>& s) { return s.heap_bytes_now(); }
};
