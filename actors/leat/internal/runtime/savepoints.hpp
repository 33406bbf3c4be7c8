// The savepoints that a job is asked for, from the request until they are complete.
#pragma once

#include <leat/detail/runtime/command_outcome.hpp>
#include <leat/internal/checkpoint/checkpoint_store.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace leat {

/// A savepoint is a round like others whose states are kept. It is complete once its outputs have
/// been committed: when each subtask has saved again, or has ended. Of one thread.
class savepoints {
public:
  explicit savepoints(checkpoint_store& store) : store_(store) {}

  /// `at_end`: of the round that ends the job.
  void ask(std::string name, bool at_end, std::shared_ptr<command_outcome> outcome);
  /// Whether a round is to begin for their sake.
  bool need_round() const;

  /// A round begins. `last`: the job ends with it.
  void begin(bool last);
  /// It is complete, as this manifest, or was given up: the next one is tried.
  void complete(const manifest& m);
  void give_up();
  /// All outputs of complete rounds have been committed.
  void published();
  /// The job has ended, or will not get there.
  void refuse(const error& why);

private:
  enum class step { waiting, in_round, kept };
  struct request {
    std::string name;
    bool at_end = false;
    std::shared_ptr<command_outcome> outcome;
    step at = step::waiting;
    std::optional<manifest> kept = {};
  };

  void end(request& r, result<void> how);
  void tidy();

  checkpoint_store& store_;
  std::vector<request> requests_;
};

} // namespace leat
