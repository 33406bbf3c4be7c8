// The commands that a job is given, until they take effect or are refused.
#pragma once

#include <leat/detail/runtime/command_outcome.hpp>
#include <leat/detail/transport/barrier.hpp>

#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace leat {

/// A command whose subtasks have answered: those that have prepared it, or why it is refused.
struct answered_command {
  command what;
  std::shared_ptr<command_outcome> outcome;
  std::vector<std::size_t> prepared = {};
  std::optional<error> refusal = {};
};

/// One at a time, so that commands take effect in the order in which they were given: subtasks are
/// asked about the first, and it leaves when all of them have answered. Of one thread.
class given_commands {
public:
  void give(command what, std::shared_ptr<command_outcome> outcome);
  bool empty() const { return all_.empty(); }

  /// The first, if nobody has been asked about it; else null.
  const command* unasked() const;
  /// These subtasks are asked about the first.
  void asked(std::set<std::size_t> subtasks);
  /// One of them has prepared it, or refuses it. False if no answer was awaited from it.
  bool answered(std::size_t subtask, std::optional<error> refusal);
  /// A subtask will not answer any more: there is nothing to prepare in it. False as above.
  bool ended(std::size_t subtask);

  /// Whether all have answered who were asked about the first.
  bool first_is_answered() const { return !empty() && asked_ && awaited_.empty(); }
  /// Contract: first_is_answered().
  answered_command take_first();

  void refuse_all(const error& why);

private:
  std::deque<answered_command> all_;
  bool asked_ = false;            ///< about the first
  std::set<std::size_t> awaited_; ///< subtasks that have not answered
};

} // namespace leat
