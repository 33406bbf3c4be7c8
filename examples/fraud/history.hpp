// Small memories of the past, kept as state per card or terminal: trivially copyable, of fixed
// size, a few nanoseconds a payment. Time only goes forward in them.
#pragma once

#include <leat/record.hpp>
#include <leat/time.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>

namespace fraud {

inline constexpr std::int64_t seconds_a_day = 86'400;
inline constexpr std::int64_t longest_gap = 30 * seconds_a_day; ///< longer ones count as this

/// Whole seconds since 1970.
inline std::int64_t seconds(leat::event_time t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

/// How many payments there were, and of how many cents, in the step of time that holds the present
/// and the `Steps - 1` steps before it. Steps are `Seconds` long and begin at multiples of it. One
/// step counts up to 65 535 payments and 2^32 - 1 cents, and stays there.
template <std::int64_t Seconds, int Steps>
class rolling_totals {
public:
  /// Forgets what is too old at `now`, in seconds since 1970.
  void advance(std::int64_t now) {
    const auto step = static_cast<std::int32_t>(now / Seconds);
    for (auto s = std::max(step_ + 1, step - Steps + 1); s <= step; ++s) {
      counts_[s % Steps] = 0;
      cents_[s % Steps] = 0;
    }
    step_ = std::max(step_, step);
  }

  /// Adds a payment of the present.
  void add(std::int64_t cents) {
    add_up(counts_[step_ % Steps], 1);
    add_up(cents_[step_ % Steps], cents);
  }

  std::int64_t count() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
  }
  std::int64_t cents() const {
    return std::accumulate(cents_.begin(), cents_.end(), std::int64_t{0});
  }

private:
  template <class Number>
  static void add_up(Number& sum, std::int64_t more) {
    const std::int64_t room = std::numeric_limits<Number>::max() - sum;
    sum = static_cast<Number>(sum + std::clamp<std::int64_t>(more, 0, room));
  }

  std::int32_t step_ = 0;
  std::array<std::uint32_t, Steps> cents_{};
  std::array<std::uint16_t, Steps> counts_{};

public:
  static constexpr auto fields =
      leat::fields("rolling_totals", leat::field("step", &rolling_totals::step_),
                   leat::field("cents", &rolling_totals::cents_),
                   leat::field("counts", &rolling_totals::counts_));
};

/// How often each of a few choices was made, where old choices fade. What is beyond the last choice
/// counts as the last.
template <std::size_t Choices>
class habit {
public:
  /// The part of past choices that went to this one; 0 if there were none.
  float share(std::size_t choice) const {
    return total_ == 0 ? 0 : static_cast<float>(made_[index(choice)]) / static_cast<float>(total_);
  }

  void add(std::size_t choice) {
    if (total_ == 255)
      halve();
    ++made_[index(choice)];
    ++total_;
  }

private:
  static std::size_t index(std::size_t choice) { return std::min(choice, Choices - 1); }

  void halve() {
    total_ = 0;
    for (auto& n : made_)
      total_ = static_cast<std::uint8_t>(total_ + (n /= 2));
  }

  std::array<std::uint8_t, Choices> made_{};
  std::uint8_t total_ = 0;

public:
  static constexpr auto fields = leat::fields("habit", leat::field("made", &habit::made_),
                                              leat::field("total", &habit::total_));
};

} // namespace fraud
