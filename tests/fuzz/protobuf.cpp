// Files of length-delimited Protobuf messages: every message is a record or a dead letter, and what
// was read is written and read again as bytes, JSON and CSV.
#include "fuzz/fuzz.hpp"

#include "support/messages.pb.h"

#include <leat/connectors/protobuf/source.hpp>
#include <leat/json.hpp>

namespace {

using leat_tests::Basket;
using leat_tests::Payment;

constexpr std::size_t max_message = 64;

/// How many messages there are, or none if a length is damaged.
std::optional<std::size_t> count_messages(std::string_view file) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < file.size(); ++count) {
    std::uint64_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (shift == 35)
        return std::nullopt;
      if (at == file.size())
        return count + 1; // the file ends within a length
      const auto byte = static_cast<std::uint8_t>(file[at++]);
      length |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80)
        break;
    }
    if (length > INT32_MAX)
      return std::nullopt;
    at += std::min<std::uint64_t>(length, file.size() - at);
  }
  return count;
}

template <class T>
void require_bytes(const T& read) {
  T again;
  std::string bytes;
  leat::foreign_record<T>::append_bytes(bytes, read);
  fuzz::require(leat::foreign_record<T>::read_bytes(std::as_bytes(std::span{bytes}), again),
                "bytes that were written can be read");
  fuzz::require(fuzz::bytes_of(again) == fuzz::bytes_of(read), "and are the same");
}

// Equal bytes; but text has one NaN only, and the library's JSON reads its own -0 as 0.
template <class T>
void require_same(const T& read, const T& again, const std::string& written,
                  void (*write)(std::string&, const T&)) {
  const auto without_minus_zero = [](std::string text) {
    for (std::size_t at = 0; (at = text.find("-0", at)) != text.npos;)
      text.erase(at, 1);
    return text;
  };
  std::string text;
  write(text, again);
  const auto holds = [&](const char* part) { return written.find(part) != written.npos; };
  const bool poorer = holds("NaN") || holds("nan") || holds("-0");
  fuzz::require(poorer ? without_minus_zero(text) == without_minus_zero(written)
                       : fuzz::bytes_of(again) == fuzz::bytes_of(read),
                "and is the same: " + written);
}

template <class T>
void require_json(const T& read) {
  const auto write = [](std::string& to, const T& what) { leat::append_json(to, what); };
  std::string written;
  write(written, read);
  T again;
  if (const auto parsed = leat::parse_json(written, again); !parsed)
    fuzz::require(false,
                  "JSON that was written can be read: " + written + ": " + parsed.error().what);
  require_same<T>(read, again, written, write);
}

void require_csv(const Payment& read) {
  static leat::csv_reader<Payment> reader = [] {
    std::string header;
    leat::append_csv_header<Payment>(header);
    return leat::csv_reader<Payment>{*leat::csv_header<Payment>(header)};
  }();
  const auto write = [](std::string& to, const Payment& what) { leat::append_csv(to, what); };
  std::string written;
  write(written, read);
  Payment again;
  if (const auto parsed = reader.parse(written, again); !parsed)
    fuzz::require(false,
                  "CSV that was written can be read: " + written + ": " + parsed.error().what);
  require_same<Payment>(read, again, written, write);
}

void check(Payment& read) {
  require_bytes(read);
  read.DiscardUnknownFields(); // text has no place for them
  require_json(read);
  require_csv(read);
}

void check(Basket& read) {
  require_bytes(read);
  read.DiscardUnknownFields();
  require_json(read);
}

template <class T>
void check_file(std::string_view content) {
  const leat::protobuf_source<T> source{fuzz::file_of(content), {max_message}};
  auto got = fuzz::read_all(source);
  const auto expected = count_messages(content);
  fuzz::require(got.ended == expected.has_value(), "a file is read up to where it is damaged");
  if (expected)
    fuzz::require(got.records.size() + got.letters == *expected, "no message is lost");
  for (T& read : got.records)
    check(read);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool silent = (google::protobuf::SetLogHandler(nullptr), true);
  (void)silent;
  const std::string_view content = fuzz::text_of(data, size);
  check_file<Payment>(content);
  check_file<Basket>(content);
  return 0;
}
