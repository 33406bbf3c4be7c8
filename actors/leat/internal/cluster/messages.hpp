// What the nodes of a cluster say to each other before and after a job runs. What subtasks say is
// in runtime/messages.hpp.
#pragma once

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

/// Coordinator to worker: start your subtasks. Answered by spawned_message.
struct spawn_message {};
template <class Inspector>
auto inspect(Inspector& f, spawn_message&) {
  return f();
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

/// Coordinator to worker: the job is over.
struct leave_message {};
template <class Inspector>
auto inspect(Inspector& f, leave_message&) {
  return f();
}

/// Registers these, and loads CAF's network.
caf::actor_system_config& add_network(caf::actor_system_config& config);

} // namespace leat
