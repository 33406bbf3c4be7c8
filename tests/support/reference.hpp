// What a graph should give, computed the plainest way: whole streams as sorted lists, one record
// after the other, no frames, no actors. Written apart from the engine, to check it.
#pragma once

#include "support/flow.hpp"
#include "support/windows.hpp"

#include <map>

namespace support::reference {

/// A record and its place among all: event time so far, source, split, position, then the numbers
/// of branches and children.
struct row {
  std::vector<std::int64_t> order;
  item record;
  std::int64_t time = 0; ///< its own event time
};
using rows = std::vector<row>; // sorted by order

/// The records of a source, by its place in the plan: several splits, each in its own order.
template <class TimeOf>
rows source(const std::vector<std::vector<item>>& splits, TimeOf time_of, std::int64_t place = 0) {
  rows all;
  for (std::size_t s = 0; s < splits.size(); ++s) {
    std::int64_t highest = std::numeric_limits<std::int64_t>::min();
    for (std::size_t i = 0; i < splits[s].size(); ++i) {
      highest = std::max(highest, time_of(splits[s][i]));
      all.push_back({{highest, leat::first_source + place, static_cast<std::int64_t>(s),
                      static_cast<std::int64_t>(i)},
                     splits[s][i],
                     time_of(splits[s][i])});
    }
  }
  std::sort(all.begin(), all.end(), [](const row& a, const row& b) { return a.order < b.order; });
  return all;
}

template <class F>
rows map(rows all, F f) {
  for (row& r : all)
    r.record = f(r.record);
  return all;
}

template <class F>
rows filter(rows all, F f) {
  std::erase_if(all, [&](const row& r) { return !f(r.record); });
  return all;
}

template <class F>
rows flat_map(const rows& all, F f) {
  rows out;
  for (const row& r : all) {
    std::int64_t child = 0;
    for (const item& i : f(r.record)) {
      out.push_back({r.order, i, r.time});
      out.back().order.push_back(child++);
    }
  }
  return out;
}

/// For sources without event time.
inline std::int64_t no_time(const item&) { return std::numeric_limits<std::int64_t>::min(); }

/// One branch of a fork, or one of several outputs.
inline rows branch(rows all, std::int64_t number) {
  for (row& r : all)
    r.order.push_back(number);
  return all;
}

/// Both streams as one. Where a record comes by both, the branches of the fork say which goes
/// first.
inline rows merge(const rows& a, const rows& b) {
  rows out;
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out),
             [](const row& x, const row& y) { return x.order < y.order; });
  return out;
}

/// Windows by key, of a stage with this number. `result_of` gives what a firing with these records
/// emits.
template <class KeyOf, class GapOf, class ResultOf>
rows windows(const rows& all, KeyOf key_of, GapOf gap_of, naive_windows&& naive, std::int64_t stage,
             std::int64_t out_of_order, ResultOf result_of, std::vector<item>& late) {
  std::vector<window_record> records;
  for (const row& r : all) // what comes from timers of the stages before stands before the time
    records.push_back({key_of(r.record), r.time,
                       r.order[0] - out_of_order - (r.order[1] < stage ? 1 : 0), gap_of(r.record)});
  const window_result result = naive.run(records);
  rows out;
  std::map<std::size_t, std::int64_t> children;
  for (const window_firing& f : result.fired) {
    std::vector<item> in;
    for (const std::size_t i : f.records)
      in.push_back(all[i].record);
    row fired{{}, result_of(f, in), f.end - 1};
    if (f.after) {
      fired.order = all[*f.after].order;
      fired.order.push_back(children[*f.after]++);
    } else {
      const auto hash = static_cast<std::int64_t>(leat::key_hash(f.key) ^ (std::uint64_t{1} << 63));
      fired.order = {f.end + out_of_order, stage, 0, hash, 0, 0};
    }
    out.push_back(std::move(fired));
  }
  std::sort(out.begin(), out.end(), [](const row& a, const row& b) { return a.order < b.order; });
  for (const std::size_t i : result.late)
    late.push_back(all[i].record);
  return out;
}

/// A join by event time, of a stage with this number. `meets`: whether a left and a right record of
/// one key do that have these times. `over(time, is_left)`: when a record leaves that has met none.
template <class KeyOf, class Meets, class Over, class ResultOf>
rows interval_join(const rows& left, const rows& right, KeyOf key_of, Meets meets, Over over,
                   bool left_alone, bool right_alone, std::int64_t stage, std::int64_t out_of_order,
                   ResultOf result_of) {
  const auto passed = [&](const row& r) {
    return r.order[0] - out_of_order - (r.order[1] < stage ? 1 : 0);
  };
  const auto on_time = [&](const row& r) { return r.time >= passed(r); };
  rows out;
  std::map<const row*, bool> met;
  const auto pair_up = [&](const row& later, const rows& others, bool later_is_left) {
    std::vector<const row*> found;
    for (const row& o : others) {
      const row& l = later_is_left ? later : o;
      const row& r = later_is_left ? o : later;
      if (o.order < later.order && on_time(o) && key_of(o.record) == key_of(later.record) &&
          meets(l.time, r.time))
        found.push_back(&o);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const row* a, const row* b) { return a->time < b->time; });
    std::int64_t child = 0;
    for (const row* o : found) {
      met[o] = met[&later] = true;
      row next{later.order, result_of(later_is_left ? &later : o, later_is_left ? o : &later),
               std::max(later.time, o->time)};
      next.order.push_back(child++);
      out.push_back(std::move(next));
    }
  };
  for (const row& l : left)
    if (on_time(l))
      pair_up(l, right, true);
  for (const row& r : right)
    if (on_time(r))
      pair_up(r, left, false);
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> children; // by time and key
  const auto leave = [&](const rows& all, bool is_left) {
    std::vector<const row*> sorted;
    for (const row& r : all)
      if (on_time(r) && !met[&r])
        sorted.push_back(&r);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const row* a, const row* b) { return a->time < b->time; });
    for (const row* r : sorted) {
      const std::int64_t time = over(r->time, is_left), k = key_of(r->record);
      const auto hash = static_cast<std::int64_t>(leat::key_hash(k) ^ (std::uint64_t{1} << 63));
      out.push_back({{time + out_of_order, stage, 0, hash, 0, children[{time, k}]++},
                     result_of(is_left ? r : nullptr, is_left ? nullptr : r),
                     r->time});
    }
  };
  if (left_alone)
    leave(left, true);
  if (right_alone)
    leave(right, false);
  std::sort(out.begin(), out.end(), [](const row& a, const row& b) { return a.order < b.order; });
  return out;
}

/// chained_hash, by key.
template <class KeyOf>
rows chained_hash(rows all, KeyOf key_of) {
  std::map<std::int64_t, std::int64_t> last;
  for (row& r : all) {
    std::int64_t& value = last[key_of(r.record)];
    value = static_cast<std::int64_t>((static_cast<std::uint64_t>(value) * 31 +
                                       static_cast<std::uint64_t>(r.record.number) * 7 +
                                       static_cast<std::uint64_t>(r.record.value)) %
                                      1'000'003);
    r.record.value = value;
    r.order.push_back(0);
  }
  return all;
}

inline std::vector<item> records(const rows& all) {
  std::vector<item> out;
  for (const row& r : all)
    out.push_back(r.record);
  return out;
}

/// The records of each key in their order.
template <class KeyOf>
std::map<std::int64_t, std::vector<item>> by_key(const std::vector<item>& all, KeyOf key_of) {
  std::map<std::int64_t, std::vector<item>> keys;
  for (const item& i : all)
    keys[key_of(i)].push_back(i);
  return keys;
}

} // namespace support::reference
