// Bar 11: what it costs to send records to another process.
#pragma once

#include "nodes.hpp"

namespace bench {

/// Nanoseconds a record for encoding and decoding frames of 1024 items, `count` in all.
double codec_nanoseconds(std::uint64_t count);

/// Records/s from one thread to another over a connection on loopback, `count` in all, from the
/// first frame to the last. Each frame is one write; the receiver adds up what it gets.
double raw_tcp(std::uint64_t count);

/// The same over a session of TLS like those between nodes.
double raw_tls(std::uint64_t count, const certificates& by);

} // namespace bench
