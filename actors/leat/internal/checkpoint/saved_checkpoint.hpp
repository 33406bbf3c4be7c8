// A checkpoint to go on from, wherever it lies.
#pragma once

#include <leat/internal/checkpoint/checkpoint_folder.hpp>

namespace leat {

struct saved_checkpoint {
  std::string folder; ///< its states are in folder/state
  leat::manifest manifest;
  /// All that its sinks had prepared has been committed, and need not be there any more.
  bool published = false;
};

std::string encode_checkpoint(const saved_checkpoint& c);
result<saved_checkpoint> decode_checkpoint(std::string_view bytes);

/// The checkpoint of a folder of states (DIR/state/<epoch>-<term>), or a savepoint. Its states may
/// be damaged.
result<saved_checkpoint> named_checkpoint(file_system& files, const std::string& path);
/// The same, or the newest one of a folder of checkpoints; verified. Changes nothing there.
result<saved_checkpoint> find_checkpoint(file_system& files, const std::string& path);

/// Takes over to another folder what stages have prepared and a checkpoint may list. Doing it again
/// changes nothing.
result<void> carry_outputs(file_system& files, const std::string& from, const std::string& to);

} // namespace leat
