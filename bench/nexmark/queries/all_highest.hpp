// The aggregate of queries 5 and 7.
#pragma once

#include <leat/record.hpp>

#include <functional>
#include <vector>

namespace nexmark {

/// All records with the highest value of what is read: a member.
template <class T, auto Read>
struct all_highest {
  std::vector<T> records;

  void add(const T& r) {
    if (!records.empty() && std::invoke(Read, records.front()) < std::invoke(Read, r))
      records.clear();
    if (records.empty() || std::invoke(Read, records.front()) == std::invoke(Read, r))
      records.push_back(r);
  }
  void merge(const all_highest& later) {
    for (const T& r : later.records)
      add(r);
  }
  std::vector<T> result() const { return records; }
  static constexpr auto fields =
      leat::fields("all_highest", leat::field("records", &all_highest::records));
};

} // namespace nexmark
