// Generated Protobuf messages as records: include this header beside the generated one.
//
//   JSON          the proto3 mapping, by the library; every field is written, under its name in the
//                 .proto file; a member that the message does not have is refused
//   CSV           a column for each field. Only numbers, bools, strings and enums (by name; read by
//                 number too) can be columns; a message with other fields is refused. A field that
//                 can be absent (optional, oneof) is then an empty cell
//   codec         a length and the message's own bytes, unknown fields included
//   fingerprint   the message's full name and the numbers, names and types of all its fields
//   heap bytes    SpaceUsedLong()
//
// A message cannot be a key: its bytes depend on the writer. Return one of its fields from key_by.
#pragma once

#include <leat/csv.hpp>
#include <leat/detail/record/byte_count.hpp>
#include <leat/error.hpp>
#include <leat/record.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Descriptor;
class Message;
} // namespace google::protobuf

namespace leat {

/// A generated message with its descriptor (not of the lite runtime).
template <class T>
concept protobuf_message = requires {
  { T::descriptor() } -> std::same_as<const google::protobuf::Descriptor*>;
};

/// What foreign_record does for every message, whatever its type.
namespace protobuf {
using google::protobuf::Descriptor;
using google::protobuf::Message;

std::string_view name(const Descriptor& type);
std::string type_text(const Descriptor& type);

/// Throws leat::failure for a value that JSON cannot hold (text that is not UTF-8, an Any of an
/// unknown type).
void append_json_fields(std::string& out, const Message& value);
result<void> parse_json(std::string_view line, Message& out);

/// As JSON, or in the library's text format where that fails.
void append_raw_text(std::string& out, const Message& value);

result<std::vector<std::string_view>> csv_names(const Descriptor& type);
void append_csv_header(std::string& out, const Descriptor& type);
void append_csv(std::string& out, const Message& value);
result<void> parse_csv(std::span<const csv_cell> cells, const std::vector<std::size_t>& of_field,
                       Message& out);

/// Appends the message's bytes, the same ones each time: maps are sorted.
void append_bytes(std::string& out, const Message& value);
bool read_bytes(std::span<const std::byte> bytes, Message& out);

/// Bytes beyond those of the object itself.
std::size_t heap_bytes(const Message& value, std::size_t object_size);

/// Throws leat::failure if the message has a field that a scored record adds.
void require_scored_names(const Descriptor& type);
} // namespace protobuf

template <protobuf_message T>
struct foreign_record<T> {
  static std::string_view name() { return protobuf::name(*T::descriptor()); }
  static std::string type_text() { return protobuf::type_text(*T::descriptor()); }

  static void append_json_fields(std::string& out, const T& value) {
    protobuf::append_json_fields(out, value);
  }
  static result<void> parse_json(std::string_view line, T& out) {
    return protobuf::parse_json(line, out);
  }
  static void append_raw_text(std::string& out, const T& value) {
    protobuf::append_raw_text(out, value);
  }

  static auto csv_names() { return protobuf::csv_names(*T::descriptor()); }
  static void append_csv_header(std::string& out) {
    protobuf::append_csv_header(out, *T::descriptor());
  }
  static void append_csv(std::string& out, const T& value) { protobuf::append_csv(out, value); }
  static result<void> parse_csv(std::span<const csv_cell> cells,
                                const std::vector<std::size_t>& of_field, T& out) {
    return protobuf::parse_csv(cells, of_field, out);
  }

  static void append_bytes(std::string& out, const T& value) { protobuf::append_bytes(out, value); }
  static bool read_bytes(std::span<const std::byte> bytes, T& out) {
    return protobuf::read_bytes(bytes, out);
  }

  static void require_scored_names() {
    static const bool once = (protobuf::require_scored_names(*T::descriptor()), true);
    (void)once;
  }
};

template <protobuf_message T>
struct heap_bytes_of<T> {
  static std::size_t count(const T& value) { return protobuf::heap_bytes(value, sizeof(T)); }
};

} // namespace leat
