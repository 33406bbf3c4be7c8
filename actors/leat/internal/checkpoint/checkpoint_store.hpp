// The checkpoints of one job in a folder, and who may add to them.
//
//   DIR/log/<slot>                          terms and manifests, see checkpoint_log.hpp
//   DIR/state/<epoch>-<term>/<name>         states, see state_files.hpp
//   DIR/state/<epoch>-<term>/manifest       the manifest again: shows that its slot was there
//   DIR/state/<epoch>-<term>/published      the job has ended with it: nothing is left to publish
//   DIR/lock-<host>                         held while a coordinator on that host lives
#pragma once

#include <leat/internal/checkpoint/checkpoint_folder.hpp>

#include <set>

namespace leat {

/// Where a coordinator keeps its checkpoints, and what it says of itself to others.
struct store_options {
  std::string folder; ///< made if it is not there; the folder that it lies in must be
  std::string job;
  std::string host;
  std::int64_t process = 0;
  processing_time time{};   ///< of the claim
  std::size_t retained = 3; ///< the newest checkpoints that are kept, at least one
  /// Where the log of a new folder begins: later than 1 if the job goes on from another folder, so
  /// that its epochs ascend.
  slot_number first_slot = 1;
};

/// What a coordinator knows about its term.
enum class standing {
  holds,
  fenced,   ///< a later coordinator has claimed the folder: this one must not go on
  uncertain ///< whether the last manifest is complete is not known: claim the folder again
};

/// One term of one coordinator. Of one thread; states are written by state_writer.
class checkpoint_store {
public:
  /// Claims the folder for a new term, which ends all others. Refused if the folder holds another
  /// job, or while another coordinator on this host holds it. `files` outlives the store.
  static result<checkpoint_store> open(file_system& files, store_options options);

  /// Ascends with each claim, with gaps.
  std::uint64_t term() const { return term_; }
  leat::standing standing() const { return standing_; }
  file_system& files() const { return *files_; }
  const std::string& folder() const { return options_.folder; }
  const std::string& job() const { return options_.job; }

  /// See checkpoint_folder.
  result<std::optional<restore_point>> newest() const { return folder_.newest(); }
  result<manifest> at(epoch number) const { return folder_.at(number); }

  /// Makes a checkpoint complete; its states have been written. Epochs ascend. After success it is
  /// found by every later coordinator. After an error standing() says what may follow: while it
  /// holds, the checkpoint is given up and the next one may be tried.
  result<void> complete(manifest m);

  /// Notes that the job has ended with this checkpoint, and that all its outputs have been
  /// published. If that fails, the next start publishes them again, which changes nothing.
  void note_published(const manifest& m);

  /// Removes the checkpoints before those that are retained, all states that none of these
  /// mentions, and what dead coordinators have left. What a checkpoint under way writes stays.
  result<void> remove_old();

private:
  checkpoint_store(file_system& files, store_options options, std::unique_ptr<file_lock> lock);
  result<void> claim();
  result<void> refuse_other_job(const std::vector<slot_number>& slots) const;
  result<void> note_history();

  slot_number first_to_retain() const;
  leat::error fenced_error() const;
  void note_complete(const leat::manifest& m);

  result<void> remove_states(const std::vector<leat::manifest>& kept);
  result<void> remove_states_of(const std::string& folder, const std::set<std::string>& mentioned);

  file_system* files_;
  store_options options_;
  std::unique_ptr<file_lock> lock_;
  checkpoint_folder folder_;
  checkpoint_log log_;
  std::uint64_t term_ = 0;
  slot_number first_slot_ = 1;        ///< the log begins here
  slot_number last_slot_ = 0;         ///< the last one that is ours
  std::vector<slot_number> retained_; ///< the slots of the newest manifests, ascending
  epoch completed_ = 0;               ///< of this term; 0: none
  leat::standing standing_ = standing::holds;
};

} // namespace leat
