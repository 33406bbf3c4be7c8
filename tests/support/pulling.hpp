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
};

/// Pulls one split after the other to its end.
template <class Source, class T = typename Source::record_type>
reading<T> read_all(const Source& source, std::size_t demand = 100) {
  kept_letters dead_letters;
  reading<T> got;
  for (auto& split : source.splits()) {
    leat::emitter<T> out{leat::fanout{}};
    out.open_for_reader({demand}, "read", &dead_letters);
    for (bool more = true; more;) {
      more = !split.pull(demand, out).is_done();
      const auto records = out.records();
      if (records.size() > demand)
        throw std::logic_error("more records than were asked for");
      got.records.insert(got.records.end(), records.begin(), records.end());
      out.clear();
    }
  }
  for (const leat::dead_letter& l : dead_letters.letters)
    got.letters.push_back(l.place + ": " + l.reason + " <" + l.raw + ">");
  return got;
}

} // namespace support
