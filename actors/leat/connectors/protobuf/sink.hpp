// Writes files of length-delimited Protobuf messages.
#pragma once

#include <leat/connectors/files/file_sink.hpp>
#include <leat/detail/record/codec.hpp>
#include <leat/protobuf/record.hpp>

namespace leat {

/// A message behind its length, as Java's writeDelimitedTo has it: that is also our codec.
template <protobuf_message T>
struct protobuf_writer {
  using record_type = T;
  static void append_head(std::string&) {}
  static void append(std::string& out, const T& message) { append_binary(out, message); }
};

/// Writes messages to a file, each behind its length: leat::protobuf_sink<alert>{"alerts.pb"}.
/// See file_sink for the rest.
template <protobuf_message T>
using protobuf_sink = file_sink<protobuf_writer<T>>;

} // namespace leat
