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

/// The sessions of a key, in their order. They do not touch.
template <class A>
struct sessions {
  std::vector<session_pane<A>> all;
  bool empty() const { return all.empty(); }
  static constexpr auto fields = leat::fields("sessions", leat::field("all", &sessions::all));
};

/// Times in microseconds since 1970. What is `passed`: timers up to it have fired.
template <class Gap>
class session_windows {
public:
  session_windows(const session<Gap>& w, const window_options& o)
      : gap_(w.gap), lateness_(o.allowed_lateness.count()) {}

  /// What is kept of a key.
  template <class A>
  using panes_of = sessions<A>;

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

  /// Whether a record can have a session.
  template <class T>
  result<void> check(const T& record) const {
    return fixed ? result<void>{} : check_span("gap", gap_of(record), 1);
  }

  /// Puts a record, as what is `added` for it, into its session, which may join others, and calls
  /// `fire(end)` if one of these has fired without it.
  template <class T, class Added, class A, class Fire>
  pane_change add(const T& record, const Added& added, std::int64_t at, std::int64_t passed,
                  sessions<A>& panes, Fire fire) const {
    auto& all = panes.all;
    const std::int64_t until = at + gap_of(record);
    const auto first =
        std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.end >= at; });
    auto behind = first;
    while (behind != all.end() && behind->start <= until)
      ++behind;
    const bool is_new = first == behind;
    const std::int64_t before = is_new ? until : (behind - 1)->end;
    const std::int64_t end = std::max(until, before);
    if (end + lateness_ <= passed)
      return pane_change::late;
    const auto to = is_new ? all.insert(first, {at, until, A{}}) : join(first, behind, all);
    to->start = std::min(to->start, at);
    to->end = end;
    to->value.add(added);
    if (before <= passed)
      fire(end);
    return is_new ? pane_change::is_new : pane_change::grown;
  }

  /// Calls `emit(start, end, aggregate)` for the session that ends here, if there is one.
  template <class A, class Emit>
  void fire(std::int64_t end, const sessions<A>& panes, Emit emit) const {
    for (const auto& s : panes.all)
      if (s.end == end)
        emit(s.start, s.end, s.value);
  }

  template <class A>
  void expire(std::int64_t passed, sessions<A>& panes) const {
    std::erase_if(panes.all, [&](const auto& s) { return s.end + lateness_ <= passed; });
  }

  /// When the next session fires, or expires. Contract: there is one.
  template <class A>
  std::int64_t next(std::int64_t passed, const sessions<A>& panes) const {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    for (const auto& s : panes.all)
      first = std::min(first, s.end > passed ? s.end : s.end + lateness_);
    return first;
  }

private:
  static constexpr bool fixed = std::is_same_v<Gap, std::chrono::microseconds>;

  template <class T>
  std::int64_t gap_of(const T& record) const {
    if constexpr (fixed)
      return gap_.count();
    else
      return std::chrono::microseconds{gap_(record)}.count();
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
