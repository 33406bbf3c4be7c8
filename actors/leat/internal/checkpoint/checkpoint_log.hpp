// The numbered log of a checkpoint folder: DIR/log/<slot, 16 digits>. Each slot is a file that was
// created exclusively and whole: a term of a coordinator, or a manifest. An entry says where the
// log begins; slots before that are void, whether they have been removed or not.
#pragma once

#include <leat/internal/checkpoint/file_system.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leat {

using slot_number = std::uint64_t; ///< from 1

enum class entry_kind : std::uint32_t {
  term = 1,
  manifest = 2,
  manifest_with_committables = 3, ///< after it something may have been published
  savepoint = 4, ///< a manifest outside of the log: all that it lists has been published
};

struct log_entry {
  entry_kind kind = entry_kind::term;
  slot_number first = 1; ///< the log begins here
  std::string payload;

  friend bool operator==(const log_entry&, const log_entry&) = default;
};

/// What is found in a slot. The kind of a damaged entry is known if its head is whole.
struct slot_content {
  slot_number slot = 0;
  std::optional<entry_kind> kind;
  result<log_entry> entry; ///< an error if it is damaged or missing
};

std::string encode_entry(slot_number slot, const log_entry& entry);
/// `name` is for errors.
slot_content decode_entry(std::string_view bytes, const std::string& name);

enum class slot_outcome {
  mine,
  taken,    ///< by another coordinator
  untried,  ///< an error came first: the slot may be tried again
  uncertain ///< an error, and the slot may be mine
};

/// Of one thread.
class checkpoint_log {
public:
  /// `folder` is DIR, where DIR/log exists; `writer` makes the names of temporary files differ from
  /// those of other coordinators. `files` outlives the log.
  checkpoint_log(file_system& files, const std::string& folder, std::string writer);

  /// Makes all slots durable that exist.
  result<void> sync();
  /// The slots that exist, ascending.
  result<std::vector<slot_number>> slots() const;
  slot_content read(slot_number slot) const;
  std::string path_of(slot_number slot) const;

  struct attempt {
    slot_outcome outcome = slot_outcome::mine;
    std::optional<leat::error> fault = {}; ///< when untried or uncertain
  };
  /// Puts an entry into a slot that is free, durably. Others see the whole entry or none.
  attempt take(slot_number slot, const log_entry& entry);

  /// Removes the slots before this one, and what killed coordinators have left of theirs.
  result<void> remove_before(slot_number slot);

private:
  file_system& files_;
  std::string folder_;
  std::string writer_;
  std::uint64_t tries_ = 0; ///< gives each temporary file another name
};

} // namespace leat
