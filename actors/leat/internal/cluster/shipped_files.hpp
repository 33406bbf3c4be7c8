// Files that a coordinator reads and its workers lack: models, configurations.
#pragma once

#include <leat/internal/cluster/join_protocol.hpp>
#include <leat/internal/net/link.hpp>

namespace leat {

/// What is told of a file before it is sent. A user error if it cannot be read, or has more bytes
/// than `most`.
result<shipped_file> describe_file(const std::string& path, std::uint64_t most);

/// Sends a file in messages. An error if it is not what was told of it any more: then the link is
/// of no use. `patience`: with the other end, for each message.
result<void> send_file(tls_link& to, const shipped_file& f, std::chrono::milliseconds patience);

/// Whether `path` is there and has this content.
bool is_this_file(const std::string& path, const shipped_file& f);

} // namespace leat
