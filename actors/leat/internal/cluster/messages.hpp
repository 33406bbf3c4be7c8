// What the nodes of a cluster say to each other before and after a job runs. What subtasks say is
// in runtime/messages.hpp.
#pragma once

#include <leat/dead_letter.hpp>
#include <leat/detail/runtime/messages.hpp>

namespace leat {

/// Worker to each worker before it, over their own connection: this is me.
struct greet_message {
  std::size_t node = 0;
};
template <class Inspector>
auto inspect(Inspector& f, greet_message& m) {
  return f(m.node);
}

/// Worker to coordinator: here I am, connected with all others, and this is the graph that I have
/// built.
struct hello_message {
  std::uint64_t term = 1;
  std::size_t node = 0;
  std::string plan; ///< see plan_text()
};
template <class Inspector>
auto inspect(Inspector& f, hello_message& m) {
  return f(m.term, m.node, m.plan);
}

/// Worker to coordinator, until it reports metrics: that anything comes is a sign of life.
struct alive_message {};
template <class Inspector>
auto inspect(Inspector& f, alive_message&) {
  return f();
}

/// Coordinator to worker: start your subtasks; their dead letters go to this desk. Answered by
/// spawned_message.
struct spawn_message {
  caf::actor dead_letters;
  std::string restored; ///< the checkpoint to go on from, encoded, or empty
  bool stamped = false; ///< see restore()
};
template <class Inspector>
auto inspect(Inspector& f, spawn_message& m) {
  return f(m.dead_letters, m.restored, m.stamped);
}
struct spawned_message {
  std::size_t node = 0;
  std::vector<std::pair<std::size_t, caf::actor>> subtasks; ///< by number within the job
  caf::actor relay;                                         ///< of promises
};
template <class Inspector>
auto inspect(Inspector& f, spawned_message& m) {
  return f(m.node, m.subtasks, m.relay);
}

/// Coordinator to worker: tell the job your metrics now and then.
struct observe_message {
  caf::actor job;
};
template <class Inspector>
auto inspect(Inspector& f, observe_message& m) {
  return f(m.job);
}

/// Worker to the desk for dead letters: keep this one. Answered by letter_answer_message, in the
/// order of the letters.
struct letter_message {
  dead_letter letter;
};
template <class Inspector>
auto inspect(Inspector& f, letter_message& m) {
  return f(m.letter.reason, m.letter.stage, m.letter.place, m.letter.raw, m.letter.id);
}
struct letter_answer_message {
  bool kept = true;
  error why = {}; ///< it is not
};
template <class Inspector>
auto inspect(Inspector& f, letter_answer_message& m) {
  return f(m.kept, m.why);
}

/// Coordinator to worker: the attempt is over.
struct leave_message {
  bool again = false; ///< another one follows
};
template <class Inspector>
auto inspect(Inspector& f, leave_message& m) {
  return f(m.again);
}

/// Registers these, and loads CAF's network.
caf::actor_system_config& add_network(caf::actor_system_config& config);

} // namespace leat
