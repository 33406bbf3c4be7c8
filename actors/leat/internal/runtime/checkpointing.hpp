// The checkpoints of an attempt as its coordinator sees them: when the next one is due, which
// subtasks have saved, and whether it is complete or given up.
#pragma once

#include <leat/internal/checkpoint/checkpoint_store.hpp>
#include <leat/job.hpp>

#include <mutex>

namespace leat {

/// Which attempt of its job it is, and which epochs are left to it.
struct attempt_id {
  std::uint64_t term = 1; ///< ascends with the attempts of a job
  epoch after = 0;        ///< no attempt before it has injected a later epoch
};

/// Written by one thread, read by any.
class shared_checkpoint_metrics {
public:
  checkpoint_metrics read() const {
    const std::lock_guard lock(mutex_);
    return metrics_;
  }
  template <class Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change(metrics_);
  }

private:
  mutable std::mutex mutex_;
  checkpoint_metrics metrics_;
};

/// The attempt of a coordinator that has claimed a folder. Its epochs are none that was injected
/// before, not even by an attempt that has left nothing but its claim.
attempt_id attempt_of(const checkpoint_store& claimed);
/// Where the log of a folder begins whose first attempt goes on after this epoch.
slot_number first_slot_after(epoch n);

/// Where an attempt keeps its checkpoints. What is pointed to outlives the attempt.
struct checkpoint_setup {
  checkpoint_store* store = nullptr; ///< null: it makes none
  const clock* time = nullptr;
  checkpoint_options options;
  std::string plan; ///< identifies the plan whose stages are saved
  std::shared_ptr<shared_checkpoint_metrics> metrics;
};

/// Of one thread. Times are those of the job's clock.
class checkpointing {
public:
  checkpointing(checkpoint_setup setup, std::size_t subtasks, clock_time now);

  /// When to call expire() and due() again.
  clock_time next_look() const;
  bool due(clock_time now) const { return !round_ && now >= due_; }
  bool under_way() const { return round_.has_value(); }
  /// True if the one under way, or the last one that was, is that of a job whose subtasks have all
  /// ended.
  bool is_last() const { return last_; }

  /// A barrier with these commands was injected. `last`: all subtasks have ended.
  void begin(epoch n, std::vector<command> commands, bool last, clock_time now);
  /// A subtask has saved its state. True if it was the last one to do so.
  bool saved(std::size_t subtask, epoch n, saved_subtask state);
  /// Completes the one under way and returns its epoch. Nothing if it had to be given up.
  result<std::optional<epoch>> complete(clock_time now, processing_time date);
  /// The last one that was completed.
  const manifest& completed() const { return completed_; }
  /// The job has ended well: the outputs of all that were completed have been published.
  void published();
  /// Gives up the one under way, if it is this one: what sinks have prepared belongs to the next.
  /// An error means that the job must not go on.
  result<void> give_up(epoch n, const error& why, clock_time now);
  /// Gives up one that takes too long.
  result<void> expire(clock_time now);

private:
  struct round {
    epoch of = 0;
    clock_time begun = 0;
    std::vector<command> commands;
    std::vector<std::optional<saved_subtask>> states; ///< by subtask
    std::size_t missing = 0;
  };

  manifest manifest_of(round& r, processing_time date) const;

  const checkpoint_setup setup_;
  const std::size_t subtasks_;
  clock_time due_;
  std::optional<round> round_;
  manifest completed_;
  bool last_ = false;
  std::size_t failures_ = 0; // in a row
};

} // namespace leat
