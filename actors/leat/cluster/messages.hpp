// What the nodes of a cluster say to each other before and after a job runs. What subtasks say is
// in runtime/messages.hpp.
#pragma once

#include <leat/runtime/messages.hpp>

namespace leat {

/// Worker to coordinator: here I am, and this is what I was told to run.
struct hello_message {
  std::string token; ///< proves that the coordinator started it
  std::size_t node = 0;
  std::uint16_t port = 0; ///< where other workers reach it, on the same host
  std::string arguments;
  std::uint64_t plan = 0;  ///< fingerprint
  std::uint64_t build = 0; ///< hash of the program
};
template <class Inspector>
auto inspect(Inspector& f, hello_message& m) {
  return f(m.token, m.node, m.port, m.arguments, m.plan, m.build);
}

/// Coordinator to worker: reach these ports before any handle is passed on, so that frames go
/// straight. Answered by dialled_message.
struct dial_message {
  std::vector<std::uint16_t> ports;
};
template <class Inspector>
auto inspect(Inspector& f, dial_message& m) {
  return f(m.ports);
}
struct dialled_message {
  std::size_t node = 0;
  std::string fault; ///< empty: all were reached
};
template <class Inspector>
auto inspect(Inspector& f, dialled_message& m) {
  return f(m.node, m.fault);
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
};
template <class Inspector>
auto inspect(Inspector& f, spawned_message& m) {
  return f(m.node, m.subtasks);
}

/// Coordinator to worker: tell the job your figures now and then.
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

/// Registers these, loads CAF's network and turns its heartbeats on: a node that does not answer
/// for `silence` counts as lost.
caf::actor_system_config& add_network(caf::actor_system_config& config);

} // namespace leat
