// Bar 11: what it costs to send records to another process.
#pragma once

#include <leat/internal/cluster/join.hpp>

namespace bench {

/// Nanoseconds a record for encoding and decoding frames of 1024 items, `count` in all.
double codec_nanoseconds(std::uint64_t count);

/// How many records both ways of sending carry. Fixed, as both processes must agree.
constexpr std::uint64_t remote_records = 40'000'000;

/// Records/s from a source in another process to a sink in this one, from the first frame to the
/// last. Starts this program again: its main() must come to remote_worker().
double remote_edge();

/// The same records as bytes through a socket on loopback, in writes of one frame each; the
/// receiver adds up what it gets.
double raw_tcp();

/// What this program does as the other process of remote_edge(). Its exit code.
int remote_worker(const leat::worker_invitation& order);

} // namespace bench
