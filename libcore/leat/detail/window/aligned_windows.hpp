// Tumbling and sliding windows. They are cut into slices such that a window is a row of whole ones:
// so a record goes into one slice, however many windows it is in.
#pragma once

#include <leat/detail/window/slices.hpp>
#include <leat/detail/window/window_limits.hpp>
#include <leat/window.hpp>

#include <numeric>

namespace leat::detail {

/// Times are in microseconds since 1970. What is `passed`: timers up to it have fired.
class aligned_windows {
public:
  aligned_windows(const tumbling& w, const window_options& o)
      : aligned_windows(w.size, w.size, w.offset, o) {}
  aligned_windows(const sliding& w, const window_options& o)
      : aligned_windows(w.size, w.slide, w.offset, o) {}

  /// What is kept of a key.
  template <class A>
  using panes_of = slices<A>;

  result<void> check() const;
  std::string text() const { return aligned_text(size_, slide_, offset_, lateness_); }

  /// Puts a record, as what is `added` for it, into its slice, and calls `fire(end)` for the
  /// windows that have fired without it.
  template <class T, class Added, class A, class Fire>
  pane_change add(const T&, const Added& added, std::int64_t at, std::int64_t passed,
                  slices<A>& all, Fire fire) {
    const place& of = place_of(at);
    if (of.first_end > passed)
      return all.add(of.start, added) ? pane_change::is_new : pane_change::grown;
    if (is_over(of.last_end, passed))
      return pane_change::late;
    const bool is_new = all.add(of.start, added);
    for (std::int64_t end = of.first_end; end <= std::min(passed, of.last_end); end += slide_)
      if (!is_over(end, passed))
        fire(end);
    return is_new ? pane_change::is_new : pane_change::grown;
  }

  /// Calls `emit(start, end, aggregate)` for the window that ends here, if something is in it.
  template <class A, class Emit>
  void fire(std::int64_t end, slices<A>& all, Emit emit) const {
    if (floor(end - size_, slide_) == end - size_)
      all.fold(end - size_, end, [&](const A& value) { emit(end - size_, end, value); });
  }

  /// Forgets what no window needs any more.
  template <class A>
  void expire(std::int64_t passed, slices<A>& all) const {
    all.expire([&](std::int64_t start) { return is_over(last_end(start), passed); });
  }

  /// When the next window fires, or the next slice expires. Contract: there are slices that have
  /// not.
  template <class A>
  std::int64_t next(std::int64_t passed, const slices<A>& all) const {
    const slice<A>* s =
        all.first_not([&](std::int64_t start) { return is_over(last_end(start), passed); });
    const std::int64_t expiry = last_end(s->start) + lateness_;
    const std::int64_t coming = floor(passed - size_, slide_) + slide_ + size_;
    for (; s; s = all.behind(s))
      if (const auto end = std::max(first_end(s->start), coming); end <= last_end(s->start))
        return std::min(expiry, end);
    return expiry;
  }

private:
  /// A slice, and of the windows that it is in the ends of the first and the last one.
  struct place {
    std::int64_t start = std::numeric_limits<std::int64_t>::max() / 2; ///< of none
    std::int64_t first_end = 0, last_end = 0;
  };

  aligned_windows(std::chrono::microseconds size, std::chrono::microseconds slide,
                  std::chrono::microseconds offset, const window_options& o)
      : size_(size.count()), slide_(slide.count()), offset_(offset.count()),
        lateness_(o.allowed_lateness.count()), step_(std::gcd(size_, slide_)) {}

  bool is_over(std::int64_t end, std::int64_t passed) const { return end + lateness_ <= passed; }

  /// The last multiple of `step`, plus the offset, up to this time.
  std::int64_t floor(std::int64_t t, std::int64_t step) const {
    const std::int64_t rest = (t - offset_) % step;
    return t - (rest < 0 ? rest + step : rest);
  }
  std::int64_t first_end(std::int64_t slice) const {
    return floor(slice + step_ - size_ - 1, slide_) + slide_ + size_;
  }
  std::int64_t last_end(std::int64_t slice) const { return floor(slice, slide_) + size_; }

  // Most records are of the slice of the record before.
  const place& place_of(std::int64_t at) {
    if (at < last_.start || at >= last_.start + step_) [[unlikely]] {
      const std::int64_t start = floor(at, step_);
      last_ = {start, first_end(start), last_end(start)};
    }
    return last_;
  }

  std::int64_t size_;
  std::int64_t slide_;
  std::int64_t offset_;
  std::int64_t lateness_;
  std::int64_t step_; ///< of slices
  place last_;
};

} // namespace leat::detail
