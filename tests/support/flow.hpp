// What tests of the engine share: a record, sources, operators and sinks that are easy to foresee.
#pragma once

#include <leat/graph.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <vector>

namespace support {

struct item {
  std::int64_t key = 0;
  std::int64_t number = 0; ///< of the source record it came from
  std::int64_t value = 0;
  static constexpr auto fields =
      leat::fields("item", leat::field("key", &item::key), leat::field("number", &item::number),
                   leat::field("value", &item::value));
  friend bool operator==(const item&, const item&) = default;
  friend auto operator<=>(const item&, const item&) = default;
};

inline std::ostream& operator<<(std::ostream& to, const item& i) {
  return to << '{' << i.key << ", " << i.number << ", " << i.value << '}';
}

/// A record whose fields own heap memory, so that a copy that should have been made is missed.
struct text_item {
  std::int64_t number = 0;
  std::string text;
  static constexpr auto fields =
      leat::fields("text_item", leat::field("number", &text_item::number),
                   leat::field("text", &text_item::text));
  friend bool operator==(const text_item&, const text_item&) = default;
};

/// Emits these records, as fast as it is asked.
template <class T>
struct given {
  using record_type = T;
  std::vector<T> records;
  std::size_t next = 0;

  leat::pull_status pull(std::size_t demand, leat::emitter<T>& out) {
    for (; demand > 0 && next < records.size(); --demand)
      out(records[next++]);
    return next < records.size() ? leat::pull_status::more() : leat::pull_status::done();
  }
  std::size_t position() const { return next; }
  leat::result<void> seek(std::size_t to) {
    next = to;
    return {};
  }
};

/// The same, split by split.
template <class T>
struct given_splits {
  using record_type = T;
  std::vector<given<T>> all;
  std::vector<given<T>> splits() const { return all; }
};

/// Items 0, 1, 2 ... of `keys` keys.
inline std::vector<item> numbered(std::int64_t count, std::int64_t keys = 7) {
  std::vector<item> items;
  for (std::int64_t n = 0; n < count; ++n)
    items.push_back({n * 7919 % keys, n, 0});
  return items;
}

template <class T>
std::vector<T> as_list(const leat::frame& f) {
  if (f.size() == 0)
    return {};
  const std::span<const T> records = f.as<T>();
  return {records.begin(), records.end()};
}

template <class T>
leat::frame frame_of(const std::vector<T>& records, const std::vector<leat::stamp>& stamps = {}) {
  std::shared_ptr<leat::rows> rows = leat::make_rows(leat::record_type_of<T>);
  for (const T& r : records)
    rows->push_back<T>(r);
  for (std::size_t i = 0; i < stamps.size(); ++i)
    rows->envelopes.add(i, {stamps[i], stamps[i].time}, leat::all_columns);
  leat::frame f;
  f.records = std::move(rows);
  f.paid = f.cost();
  return f;
}

/// The stamp of a record at this position, at this time in microseconds.
inline leat::stamp at(std::int64_t time, std::uint64_t position = 1, std::uint32_t split = 0) {
  return {leat::from_micros(time), leat::first_source, split, position, {}};
}

/// Items first, first+1 ... of `keys` keys, each at the time of its number.
inline leat::frame items_from(std::int64_t first, std::int64_t count, std::int64_t keys = 1) {
  std::vector<item> all;
  std::vector<leat::stamp> stamps;
  for (std::int64_t n = first; n < first + count; ++n)
    all.push_back({n % keys, n, 0}), stamps.push_back(at(n));
  return frame_of(all, stamps);
}

inline leat::mark mark_at(const leat::stamp& progress, bool idle = false) {
  return {progress, idle, false};
}

/// A clock that a test moves.
class set_clock final : public leat::clock {
public:
  leat::clock_time time = 1'000'000'000;
  leat::clock_time now() const override { return time; }
};

/// Keeps what is sent.
class kept_frames final : public leat::wire {
public:
  struct sent {
    std::size_t port;
    std::size_t lane;
    leat::frame content;
    std::optional<leat::mark> marked = {}; ///< a promise, and no frame
  };
  std::vector<sent> all; ///< promises stand where they begin to count
  void send(std::size_t port, std::size_t lane, leat::frame f) override {
    all.push_back({port, lane, std::move(f)});
    at_lane& l = lanes_[{port, lane}];
    if (++l.frames == l.due && l.promised)
      count(port, lane);
  }
  void promise(std::size_t port, const leat::mark& m,
               std::span<const std::uint64_t> frames) override {
    for (std::size_t lane = 0; lane < frames.size(); ++lane) {
      at_lane& l = lanes_[{port, lane}];
      l.promised = m;
      l.due = frames[lane];
      if (l.frames == l.due)
        count(port, lane);
    }
  }

private:
  struct at_lane {
    std::uint64_t frames = 0;
    std::uint64_t due = 0;
    std::optional<leat::mark> promised;
  };
  void count(std::size_t port, std::size_t lane) {
    all.push_back({port, lane, {}, std::exchange(lanes_[{port, lane}].promised, {})});
  }
  std::map<std::pair<std::size_t, std::size_t>, at_lane> lanes_;
};

/// Writes records into a vector that outlives it.
template <class T>
struct keep {
  std::vector<T>* to;
  void write(std::span<const T> records) { to->insert(to->end(), records.begin(), records.end()); }
};

struct discard {
  template <class T>
  void write(std::span<const T>) {}
};

/// A running value for each key that depends on the order of its records.
struct chained_hash {
  using output_type = item;
  leat::value_state<std::int64_t> last;
  void open(leat::setup& setup) { last = setup.value<std::int64_t>("last"); }
  void process(const item& i, leat::emitter<item>& out, leat::context& ctx) {
    std::int64_t& value = ctx.edit(last);
    value = static_cast<std::int64_t>((static_cast<std::uint64_t>(value) * 31 +
                                       static_cast<std::uint64_t>(i.number) * 7 +
                                       static_cast<std::uint64_t>(i.value)) %
                                      1'000'003);
    out({i.key, i.number, value});
  }
};

/// Scores an item by its value.
struct by_value {
  using score_type = float;
  void predict(std::span<const item> rows, std::span<float> scores) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      scores[i] = static_cast<float>(rows[i].value % 1000);
  }
};

inline auto key_of_item = [](const item& i) { return i.key; };
inline auto number_of_item = [](const item& i) { return i.number; };
inline auto record_of = [](const leat::scored<item>& s) { return s.record; };

} // namespace support
