// Keyed state larger than memory, in RocksDB. Component leat::rocksdb.
//
//   fraud.offer_states("rocksdb", leat::rocksdb_states);     // run --state rocksdb:DIR
//   options.states = leat::rocksdb_states("/data/work");     // of leat::job::start
#pragma once

#include <leat/state_backend.hpp>

namespace leat {

/// Keeps keyed state in RocksDB, one database for each subtask.
///
/// `folder`: where processes put their working folders; made if it is not there. What lies in these
/// counts only while its process lives, and is removed with it, or when another process opens its
/// first database. On the file system of the checkpoints a checkpoint takes links instead of
/// copies. `memory`: bytes that keyed state may take in this process, three quarters for what
/// stages have at hand, divided evenly, the rest for RocksDB.
std::shared_ptr<state_backend> rocksdb_states(const std::string& folder,
                                              std::uint64_t memory = 256ULL << 20U);

} // namespace leat
