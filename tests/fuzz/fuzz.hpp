// What all fuzzers share. Each defines LLVMFuzzerTestOneInput, which libFuzzer calls with any
// bytes.
#pragma once

#include <leat/detail/record/codec.hpp>
#include <leat/source.hpp>

#include "support/letters.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the run, so that libFuzzer keeps the input, unless the property holds.
inline void require(bool holds, std::string_view property) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(property.size()), property.data());
  std::abort();
}

/// Takes a number off the front of the input; zeros follow its end.
template <class Number>
Number take(std::string_view& input) {
  Number n{};
  const std::size_t size = std::min(input.size(), sizeof n);
  std::memcpy(&n, input.data(), size);
  input.remove_prefix(size);
  return n;
}

/// Good bytes of the kind that is read, with a few changes that the input says, perhaps cut short.
inline std::string altered(std::string bytes, std::string_view input) {
  for (int changes = 0; !input.empty() && changes < 4; ++changes) {
    const std::size_t at = take<std::uint16_t>(input) % bytes.size();
    bytes[at] = static_cast<char>(take<std::uint8_t>(input));
  }
  bytes.resize(bytes.size() - (input.size() % bytes.size()) / 8);
  return bytes;
}

/// A file in memory with this content, and its path; there is one at a time.
inline const std::string& file_of(std::string_view content) {
  static const int file = ::memfd_create("fuzz", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  const bool written =
      ::ftruncate(file, 0) == 0 &&
      ::pwrite(file, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size());
  require(written, "the input is in a file");
  return path;
}

template <leat::any_record T>
std::string bytes_of(const T& record) {
  std::string bytes;
  leat::append_binary(bytes, record);
  return bytes;
}

/// What a source of one split gives: records, dead letters, and whether it came to its end.
template <class T>
struct reading {
  std::vector<T> records;
  std::size_t letters = 0;
  bool ended = false;
};

template <class Source, class T = typename Source::record_type>
reading<T> read_all(const Source& source) {
  constexpr std::size_t demand = 7;
  support::kept_letters dead_letters;
  reading<T> got;
  leat::emitter<T> out{leat::fanout{}};
  out.open_for_reader({demand}, "read", &dead_letters);
  auto split = std::move(source.splits().front());
  try {
    while (!got.ended) {
      got.ended = split.pull(demand, out).is_done();
      const auto records = out.records();
      require(records.size() <= demand, "no more records come than were asked for");
      got.records.insert(got.records.end(), records.begin(), records.end());
      out.clear();
    }
  } catch (const leat::failure& f) {
    require(!f.error().what.empty(), "a failure says why");
  }
  got.letters = dead_letters.letters.size();
  return got;
}

/// Lines that are not empty, as a text file has them: \n or \r\n ends one, and a mark may come
/// first.
inline std::vector<std::string_view> lines_of(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (!line.empty())
      lines.push_back(line);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

} // namespace fuzz
