#include <leat/internal/runtime/given_commands.hpp>

#include <utility>

namespace leat {

void given_commands::give(command what, std::shared_ptr<command_outcome> outcome) {
  all_.push_back({std::move(what), std::move(outcome)});
}

const command* given_commands::unasked() const {
  return empty() || asked_ ? nullptr : &all_.front().what;
}

void given_commands::asked(std::set<std::size_t> subtasks) {
  asked_ = true;
  awaited_ = std::move(subtasks);
}

bool given_commands::answered(std::size_t subtask, std::optional<error> refusal) {
  if (awaited_.erase(subtask) == 0)
    return false;
  answered_command& first = all_.front();
  if (!refusal)
    first.prepared.push_back(subtask);
  else if (!first.refusal)
    first.refusal = std::move(refusal);
  return true;
}

bool given_commands::ended(std::size_t subtask) { return awaited_.erase(subtask) > 0; }

answered_command given_commands::take_first() {
  answered_command first = std::move(all_.front());
  all_.pop_front();
  asked_ = false;
  return first;
}

void given_commands::refuse_all(const error& why) {
  asked_ = false;
  awaited_.clear();
  for (const answered_command& c : std::exchange(all_, {}))
    c.outcome->set(why);
}

} // namespace leat
