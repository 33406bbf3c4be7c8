// Jobs of items with checkpoints in a real folder, and what they publish.
#pragma once

#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/files/part_folder.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/job.hpp>

#include "support/files.hpp"
#include "support/flow.hpp"

#include <algorithm>
#include <limits>
#include <sstream>

namespace support {

/// A source of so many items, numbered from 0, of seven keys.
inline auto numbered_items(std::uint64_t count) {
  return leat::generate(
      [](std::uint64_t n) {
        const auto number = static_cast<std::int64_t>(n);
        return item{number % 7, number, 0};
      },
      count);
}

/// Hashes each key's items, into a folder of CSV.
inline leat::graph hashed_items(std::uint64_t count, const std::string& output,
                                const std::string& name = "counted") {
  leat::graph g{name};
  g.from("in", numbered_items(count))
      .key_by(key_of_item)
      .process("hash", chained_hash{})
      .to("out", leat::csv_sink<item>{output});
  return g;
}

/// A checkpoint every ten milliseconds.
inline leat::run_options with_checkpoints(const std::string& folder) {
  leat::run_options o;
  o.checkpoints.folder = folder;
  o.checkpoints.interval = std::chrono::milliseconds{10};
  return o;
}

/// Of the published parts of CSV up to an epoch, without their heads, sorted.
inline std::vector<std::string>
published_lines(const std::string& output,
                leat::epoch up_to = std::numeric_limits<leat::epoch>::max()) {
  std::vector<std::string> lines;
  const leat::part_folder folder(output);
  const auto parts = folder.parts();
  REQUIRE(parts);
  for (const leat::part_name& part : *parts) {
    if (part.of > up_to)
      continue;
    std::istringstream text(content_of(folder.published(part)));
    std::string line;
    for (bool head = true; std::getline(text, line); head = false)
      if (!head)
        lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

} // namespace support
