#include <leat/detail/window/aligned_windows.hpp>
#include <leat/detail/window/session_windows.hpp>
#include <leat/detail/window/window_operator.hpp>
#include <leat/testing/harness.hpp>

#include "support/dice.hpp"
#include "support/windows.hpp"

using namespace leat;
using std::chrono::microseconds;
namespace reference = support::reference;

namespace {

struct reading {
  std::int64_t key = 0;
  std::int64_t at = 0; ///< microseconds
  std::int64_t number = 0;
  std::int64_t gap = 1; ///< of a session
  static constexpr auto fields =
      leat::fields("reading", leat::field("key", &reading::key), leat::field("at", &reading::at),
                   leat::field("number", &reading::number), leat::field("gap", &reading::gap));
};

/// The numbers of all records.
struct numbers {
  std::vector<std::int64_t> all;
  void add(const reading& r) { all.push_back(r.number); }
  void merge(const numbers& later) { all.insert(all.end(), later.all.begin(), later.all.end()); }
  const std::vector<std::int64_t>& result() const { return all; }
  static constexpr auto fields = leat::fields("numbers", leat::field("all", &numbers::all));
};

using found = windowed<std::int64_t, std::vector<std::int64_t>>;

struct emit_found {
  using output_type = found;
  void operator()(std::int64_t key, const time_window& w, const numbers& n,
                  emitter<found>& out) const {
    out({key, w.start, w.end, n.result()});
  }
};

template <class Windows>
auto operator_of(Windows windows) {
  return detail::window_operator<std::int64_t, reading, Windows, numbers, emit_found>(
      std::move(windows), emit_found{});
}

constexpr auto key_of = [](const reading& r) { return r.key; };

std::vector<reading> random_readings(support::dice& roll) {
  std::vector<reading> all;
  std::int64_t at = roll(-50, 50);
  const int keys = roll(1, 4), step = roll(1, 6), back = roll(1, 40);
  for (int n = roll(0, 120); n > 0; --n) {
    at += roll(0, step);
    if (roll(0, 30) == 0)
      at += roll(0, 60);
    const std::int64_t own = roll(0, 3) == 0 ? at - roll(0, back) : at;
    all.push_back({roll(0, keys), own, static_cast<std::int64_t>(all.size()), roll(1, 12)});
  }
  return all;
}

using firings =
    std::map<std::int64_t,
             std::vector<std::tuple<std::int64_t, std::int64_t, std::vector<std::int64_t>>>>;

firings by_key(const std::vector<found>& all) {
  firings fired;
  for (const found& f : all) {
    auto sorted = f.result;
    std::sort(sorted.begin(), sorted.end());
    fired[f.key].emplace_back(f.start.time_since_epoch().count(), f.end.time_since_epoch().count(),
                              std::move(sorted));
  }
  return fired;
}

firings by_key(const reference::window_result& all) {
  firings fired;
  for (const auto& f : all.fired)
    fired[f.key].emplace_back(f.start, f.end,
                              std::vector<std::int64_t>(f.records.begin(), f.records.end()));
  return fired;
}

reference::window_result wanted(reference::naive_windows&& naive, const std::vector<reading>& all,
                                int out_of_order) {
  std::vector<reference::window_record> records;
  std::int64_t highest = std::numeric_limits<std::int64_t>::min();
  for (const reading& r : all) {
    highest = std::max(highest, r.at);
    records.push_back({r.key, r.at, highest - out_of_order, r.gap});
  }
  return naive.run(records);
}

template <class Windows>
void compare(Windows windows, reference::naive_windows&& naive, const std::vector<reading>& all,
             int out_of_order) {
  const auto want = wanted(std::move(naive), all, out_of_order);
  const testing::event_times<reading> times{[](const reading& r) { return from_micros(r.at); },
                                            microseconds{out_of_order}};
  const auto op = operator_of(std::move(windows));
  REQUIRE(static_cast<bool>(op.check()));
  const std::vector<testing::input<reading>> input(all.begin(), all.end());
  const auto make = [&](fanout to) -> std::unique_ptr<stage> {
    return std::make_unique<keyed_stage<reading, decltype(key_of), std::decay_t<decltype(op)>>>(
        key_of, op, std::move(to), side_ports{});
  };
  const auto got = testing::run_stage<reading, found>(make, input, {}, times);
  CHECK(by_key(got.records) == by_key(want));
  CHECK(got.dead_letters.size() == want.late.size());
  testing::check_operator(op, key_of, all, times);
}

} // namespace

TEST_CASE("tumbling and sliding windows are what a plain loop over all windows finds") {
  support::for_seeds(150, [](support::dice roll) {
    const auto all = random_readings(roll);
    const int size = roll(1, 30), slide = roll.coin() ? size : roll(1, size + 1);
    const int offset = roll(-20, 20), lateness = roll.coin() ? 0 : roll(1, 50);
    const int out_of_order = roll.coin() ? 0 : roll(0, 30);
    const window_options options{.allowed_lateness = microseconds{lateness}};
    const sliding windows(microseconds{size}, microseconds{slide}, microseconds{offset});
    compare(detail::aligned_windows(windows, options),
            reference::naive_sliding(size, slide, offset, lateness), all, out_of_order);
  });
}

TEST_CASE("session windows are what joining all that touch finds") {
  support::for_seeds(150, [](support::dice roll) {
    auto all = random_readings(roll);
    const int lateness = roll.coin() ? 0 : roll(1, 50);
    const int out_of_order = roll.coin() ? 0 : roll(0, 30);
    const window_options options{.allowed_lateness = microseconds{lateness}};
    const auto gap = [](const reading& r) { return microseconds{r.gap}; };
    compare(detail::session_windows(session(gap), options), reference::naive_sessions(lateness),
            all, out_of_order);
    for (reading& r : all)
      r.gap = 5;
    compare(detail::session_windows(session(microseconds{5}), options),
            reference::naive_sessions(lateness), all, out_of_order);
  });
}
