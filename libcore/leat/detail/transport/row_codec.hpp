// Records as bytes, for edges that lead into another process.
#pragma once

#include <leat/detail/transport/rows.hpp>

#include <memory>
#include <string>

namespace leat {

class byte_cursor;
namespace detail {
struct type_history;
}

/// Encodes and decodes the records of one edge. Stateless: may be used by several threads.
class row_codec {
public:
  virtual ~row_codec() = default;
  /// Of the record type: equal on both ends, or the bytes mean nothing.
  virtual std::uint64_t fingerprint() const = 0;
  /// For reading records that were saved with an older type; its text is saved with them.
  virtual const detail::type_history& history() const = 0;
  virtual void encode(const rows& from, std::string& to) const = 0;
  /// Null if these are no such bytes.
  virtual std::shared_ptr<rows> decode(byte_cursor& from) const = 0;
};

} // namespace leat
