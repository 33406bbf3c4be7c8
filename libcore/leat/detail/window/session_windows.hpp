// Session windows of one key: each record is a window that lasts a gap, and windows that touch
// become one.
#pragma once

#include <leat/detail/window/window_limits.hpp>
#include <leat/window.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace leat::detail {

/// A session of a key.
template <class A>
struct session_pane {
  std::int64_t start = 0; ///< microseconds since 1970
  std::int64_t end = 0;
  A value{};
  static constexpr auto fields = leat::fields("session", leat::field("start", &session_pane::start),
                                              leat::field("end", &session_pane::end),
                                              leat::field("value", &session_pane::value));
};

/// Times in microseconds since 1970. What is `passed`: timers up to it have fired.
template <class Gap>
class session_windows {
public:
  session_windows(const session<Gap>& w, const window_options& o)
      : gap_(w.gap), lateness_(o.allowed_lateness.count()) {}

  template <class A>
  using pane_of = session_pane<A>;

  result<void> check() const {
    if constexpr (fixed)
      if (auto good = check_span("gap", gap_.count(), 1); !good)
        return good;
    return check_span("allowed lateness", lateness_, 0);
  }
  std::string text() const {
    std::int64_t gap = 0;
    if constexpr (fixed)
      gap = gap_.count();
    return session_text(gap, lateness_);
  }

  /// Puts a record into its session, which may join others, and calls `fire(end)` if one of these
  /// has fired without it. False if it is late.
  template <class T, class A, class Fire>
  bool add(const T& record, std::int64_t at, std::int64_t passed, std::vector<session_pane<A>>& all,
           Fire fire) const {
    const std::int64_t until = at + gap_of(record);
    const auto first =
        std::find_if(all.begin(), all.end(), [&](const auto& pane) { return pane.end >= at; });
    auto behind = first;
    while (behind != all.end() && behind->start <= until)
      ++behind;
    const std::int64_t before = first == behind ? until : (behind - 1)->end;
    const std::int64_t end = std::max(until, before);
    if (end + lateness_ <= passed)
      return false;
    const auto pane =
        first == behind ? all.insert(first, {at, until, A{}}) : join(first, behind, all);
    pane->start = std::min(pane->start, at);
    pane->end = end;
    pane->value.add(record);
    if (before <= passed)
      fire(end);
    return true;
  }

  /// Calls `emit(start, end, aggregate)` for the session that ends here, if there is one.
  template <class A, class Emit>
  void fire(std::int64_t end, const std::vector<session_pane<A>>& all, Emit emit) const {
    for (const auto& pane : all)
      if (pane.end == end)
        emit(pane.start, pane.end, pane.value);
  }

  template <class A>
  void expire(std::int64_t passed, std::vector<session_pane<A>>& all) const {
    std::erase_if(all, [&](const auto& pane) { return pane.end + lateness_ <= passed; });
  }

  /// When the next session fires, or expires. Contract: not empty.
  template <class A>
  std::int64_t next(std::int64_t passed, const std::vector<session_pane<A>>& all) const {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    for (const auto& pane : all)
      first = std::min(first, pane.end > passed ? pane.end : pane.end + lateness_);
    return first;
  }

private:
  static constexpr bool fixed = std::is_same_v<Gap, std::chrono::microseconds>;

  template <class T>
  std::int64_t gap_of(const T& record) const {
    if constexpr (fixed) {
      return gap_.count();
    } else {
      const std::chrono::microseconds gap = gap_(record);
      if (auto good = check_span("gap", gap.count(), 1); !good)
        throw failure(good.error());
      return gap.count();
    }
  }

  template <class Place, class Panes>
  static Place join(Place first, Place behind, Panes& all) {
    for (auto next = first + 1; next != behind; ++next)
      first->value.merge(next->value);
    return all.erase(first + 1, behind) - 1;
  }

  Gap gap_;
  std::int64_t lateness_;
};

} // namespace leat::detail
