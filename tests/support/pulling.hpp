// Reads a source by hand, without a job.
#pragma once

#include "support/letters.hpp"

#include <leat/source.hpp>

#include <string>
#include <vector>

namespace support {

/// What came of a source. A letter is "place: reason <raw>".
template <class T>
struct reading {
  std::vector<T> records;
  std::vector<std::string> letters;
  bool ended = false;
  reading& operator+=(const reading& more) {
    records.insert(records.end(), more.records.begin(), more.records.end());
    letters.insert(letters.end(), more.letters.begin(), more.letters.end());
    ended = more.ended;
    return *this;
  }
};

/// What a split brings in pulls of `demand`, at most so many of them.
template <class T, class Split>
reading<T> read_some(Split& split, std::size_t pulls, std::size_t demand) {
  kept_letters dead_letters;
  reading<T> got;
  leat::emitter<T> out{leat::fanout{}};
  out.open_for_reader({demand}, "read", &dead_letters);
  for (; pulls > 0 && !got.ended; --pulls) {
    got.ended = split.pull(demand, out).is_done();
    const auto records = out.records();
    if (records.size() > demand)
      throw std::logic_error("more records than were asked for");
    got.records.insert(got.records.end(), records.begin(), records.end());
    out.clear();
  }
  for (const leat::dead_letter& l : dead_letters.letters)
    got.letters.push_back(l.place + ": " + l.reason + " <" + l.raw + ">");
  return got;
}

inline constexpr std::size_t to_the_end = 1'000'000;

/// Reads a source of one split, but goes on with another reader at the position after each few
/// pulls, and after the end.
template <class Source, class T = typename Source::record_type>
reading<T> read_in_parts(const Source& source, std::size_t pulls, std::size_t demand) {
  reading<T> got;
  auto here = source.splits().front().position();
  for (bool again = true; again;) {
    again = !got.ended;
    auto splits = source.splits();
    if (auto moved = splits.front().seek(here); !moved)
      throw leat::failure(moved.error());
    got += read_some<T>(splits.front(), pulls, demand);
    here = splits.front().position();
  }
  return got;
}

/// Pulls one split after the other to its end.
template <class Source, class T = typename Source::record_type>
reading<T> read_all(const Source& source, std::size_t demand = 100) {
  reading<T> got;
  for (auto& split : source.splits())
    got += read_some<T>(split, to_the_end, demand);
  return got;
}

} // namespace support
