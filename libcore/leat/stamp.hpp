// Stamps: the origin of a record, and its place in the order of all records of a job.
#pragma once

#include <leat/time.hpp>

#include <bit>
#include <compare>
#include <cstdint>

namespace leat {

namespace detail {
__extension__ typedef unsigned __int128 two_words;
[[noreturn]] void path_overflow();
} // namespace detail

/// The way from a source record to one derived from it: which child it was at each stage that may
/// emit several. Paths compare like the sequence of child numbers.
///
/// The numbers stand as a prefix-free, order-preserving code (n ones, a zero, n bits) from the top
/// bit down; the low 7 bits hold the length. 121 bits are 121 levels of single children, or 6
/// levels of 600.
class stamp_path {
public:
  static constexpr unsigned most_bits = 121;

  constexpr stamp_path() = default;

  /// Throws leat::failure if the path of the child exceeds `most_bits`.
  constexpr stamp_path child(std::uint64_t number) const {
    const auto length = static_cast<unsigned>(low_ & length_mask);
    if (length == length_mask) // a last descendant
      return *this;
    if (number == 0 && length < most_bits) [[likely]] // a zero more
      return {high_, low_ + 1};
    const std::uint64_t value = number + 1;
    const auto bits = static_cast<unsigned>(std::bit_width(value)) - 1;
    if (bits > most_bits / 2 || length + 2 * bits + 1 > most_bits)
      detail::path_overflow();
    const unsigned total = length + 2 * bits + 1;
    const std::uint64_t ones = (std::uint64_t{1} << bits) - 1;
    const detail::two_words word = (detail::two_words{ones} << (bits + 1)) | (value & ones);
    const detail::two_words placed = word << (128 - total);
    stamp_path next;
    next.high_ = high_ | static_cast<std::uint64_t>(placed >> 64);
    next.low_ = (low_ & ~length_mask) | static_cast<std::uint64_t>(placed) | total;
    return next;
  }

  /// After all descendants of this path. It has itself as its only descendant.
  constexpr stamp_path last_descendant() const {
    const auto length = static_cast<unsigned>(low_ & length_mask);
    const detail::two_words rest = ~detail::two_words{0} >> length;
    stamp_path end;
    end.high_ = high_ | static_cast<std::uint64_t>(rest >> 64);
    end.low_ = low_ | static_cast<std::uint64_t>(rest);
    return end;
  }

  /// A path behind which, and before this one, there is none but what this descends from; this one
  /// if there is none before.
  constexpr stamp_path before() const {
    const detail::two_words all =
        (detail::two_words{high_} << 64 | low_) & ~detail::two_words{length_mask};
    if (all == 0)
      return {};
    stamp_path end;
    end.high_ = static_cast<std::uint64_t>((all - 1) >> 64);
    end.low_ = static_cast<std::uint64_t>(all - 1);
    return end;
  }

  /// After every other path.
  static constexpr stamp_path last() { return stamp_path{}.last_descendant(); }

  friend constexpr auto operator<=>(const stamp_path&, const stamp_path&) = default;

private:
  constexpr stamp_path(std::uint64_t high, std::uint64_t low) : high_(high), low_(low) {}

  static constexpr std::uint64_t length_mask = 127;
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

/// Sources have numbers from here on, in the order of the plan. Numbers below are those of stages
/// with timers: these come before records of the same time, and those of earlier stages first.
inline constexpr std::uint32_t first_source = 1 << 16;

/// The highest event time so far in the record's split, the source (or the stage of a timer), the
/// split, the position in it (from 1), and the path for derived records. A stamp only grows along a
/// split. `stamp{}` is before every record. On one edge stamps are unique, and none is an ancestor
/// of another, so a promise of everything up to {s, path last()} covers s and all its descendants.
struct stamp {
  event_time time = begin_of_time;
  std::uint32_t source = 0;
  std::uint32_t split = 0;
  std::uint64_t position = 0;
  stamp_path path = {};

  friend constexpr bool operator==(const stamp&, const stamp&) = default;
  /// By the members in their order; spelled out, since compilers do not inline a defaulted one.
  [[gnu::always_inline]] friend constexpr std::strong_ordering operator<=>(const stamp& a,
                                                                           const stamp& b) {
    if (a.time != b.time)
      return a.time < b.time ? std::strong_ordering::less : std::strong_ordering::greater;
    if (a.source != b.source)
      return a.source <=> b.source;
    if (a.split != b.split)
      return a.split <=> b.split;
    if (a.position != b.position)
      return a.position <=> b.position;
    return a.path <=> b.path;
  }
};

/// As a promise: this record, and all that descends from it.
constexpr stamp with_descendants(stamp s) {
  s.path = s.path.last_descendant();
  return s;
}

/// As a promise: all that comes before this record on an edge.
constexpr stamp all_before(stamp s) {
  s.path = s.path.before();
  if (s.path == stamp_path{} && s.position > 0) {
    --s.position;
    s.path = stamp_path::last();
  }
  return s;
}

/// As a promise: all records and timers up to this time.
constexpr stamp end_of(event_time t) {
  return {t, ~std::uint32_t{0}, ~std::uint32_t{0}, ~std::uint64_t{0}, stamp_path::last()};
}

/// After every record: the promise that nothing follows.
inline constexpr stamp end_of_stamps = end_of(end_of_time);

} // namespace leat
