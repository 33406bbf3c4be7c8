// Tumbling and sliding windows of one key. They are cut into slices such that a window is a row of
// whole ones: so a record goes into one slice, however many windows it is in.
#pragma once

#include <leat/detail/window/window_limits.hpp>
#include <leat/error.hpp>
#include <leat/window.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace leat::detail {

/// What falls into a slice.
template <class A>
struct slice {
  std::int64_t start = 0; ///< microseconds since 1970
  A value{};
  static constexpr auto fields = leat::fields("slice", leat::field("start", &slice::start),
                                              leat::field("value", &slice::value));
};

/// Times in microseconds since 1970. What is `passed`: timers up to it have fired.
class aligned_windows {
public:
  aligned_windows(const tumbling& w, const window_options& o)
      : aligned_windows(w.size, w.size, w.offset, o) {}
  aligned_windows(const sliding& w, const window_options& o)
      : aligned_windows(w.size, w.slide, w.offset, o) {}

  template <class A>
  using pane_of = slice<A>;

  result<void> check() const;
  std::string text() const { return aligned_text(size_, slide_, offset_, lateness_); }

  /// Puts a record into its slice, and calls `fire(end)` for the windows that have fired without
  /// it. False if it is late for all of its windows.
  template <class T, class A, class Fire>
  bool add(const T& record, std::int64_t at, std::int64_t passed, std::vector<slice<A>>& all,
           Fire fire) const {
    const std::int64_t start = slice_of(at);
    const std::int64_t first = first_end(start);
    if (first <= passed && last_end(start) + lateness_ <= passed)
      return false;
    find(start, all).value.add(record);
    if (first <= passed)
      for (std::int64_t end = first; end <= std::min(passed, last_end(start)); end += slide_)
        if (end + lateness_ > passed)
          fire(end);
    return true;
  }

  /// Calls `emit(start, end, aggregate)` for the window that ends here, if something is in it.
  template <class A, class Emit>
  void fire(std::int64_t end, const std::vector<slice<A>>& all, Emit emit) const {
    if (floor(end - size_, slide_) != end - size_)
      return;
    const auto from = at_or_after(end - size_, all), to = at_or_after(end, all);
    if (from == to)
      return;
    if (to - from == 1)
      return emit(end - size_, end, from->value);
    A sum = from->value;
    for (auto next = from + 1; next != to; ++next)
      sum.merge(next->value);
    emit(end - size_, end, sum);
  }

  /// Forgets what no window needs any more.
  template <class A>
  void expire(std::int64_t passed, std::vector<slice<A>>& all) const {
    const auto kept = std::find_if(all.begin(), all.end(), [&](const slice<A>& s) {
      return last_end(s.start) + lateness_ > passed;
    });
    all.erase(all.begin(), kept);
  }

  /// When the next window fires, or the next slice expires. Contract: not empty.
  template <class A>
  std::int64_t next(std::int64_t passed, const std::vector<slice<A>>& all) const {
    const std::int64_t expiry = last_end(all.front().start) + lateness_;
    const std::int64_t coming = floor(passed - size_, slide_) + slide_ + size_;
    for (const slice<A>& s : all)
      if (const auto end = std::max(first_end(s.start), coming); end <= last_end(s.start))
        return std::min(expiry, end);
    return expiry;
  }

private:
  aligned_windows(std::chrono::microseconds size, std::chrono::microseconds slide,
                  std::chrono::microseconds offset, const window_options& o)
      : size_(size.count()), slide_(slide.count()), offset_(offset.count()),
        lateness_(o.allowed_lateness.count()), step_(std::gcd(size_, slide_)) {}

  /// The last multiple of `step`, plus the offset, up to this time.
  std::int64_t floor(std::int64_t t, std::int64_t step) const {
    const std::int64_t rest = (t - offset_) % step;
    return t - (rest < 0 ? rest + step : rest);
  }
  std::int64_t slice_of(std::int64_t t) const { return floor(t, step_); }
  /// Of the windows that a slice is in, the ends of the first and the last one.
  std::int64_t first_end(std::int64_t slice) const {
    return floor(slice + step_ - size_ - 1, slide_) + slide_ + size_;
  }
  std::int64_t last_end(std::int64_t slice) const { return floor(slice, slide_) + size_; }

  template <class Slices>
  static auto at_or_after(std::int64_t start, Slices& all) {
    return std::lower_bound(all.begin(), all.end(), start,
                            [](const auto& s, std::int64_t t) { return s.start < t; });
  }
  template <class A>
  static slice<A>& find(std::int64_t start, std::vector<slice<A>>& all) {
    if (!all.empty() && all.back().start == start)
      return all.back();
    const auto place = at_or_after(start, all);
    return place != all.end() && place->start == start ? *place : *all.insert(place, {start, A{}});
  }

  std::int64_t size_;
  std::int64_t slide_;
  std::int64_t offset_;
  std::int64_t lateness_;
  std::int64_t step_; ///< of slices
};

} // namespace leat::detail
