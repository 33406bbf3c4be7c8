// All messages between the actors of a job. They are few and fixed, whatever the record types:
// types are erased at this border, once per frame. Those that may leave the process say by
// `inspect` what travels; the others stay inside.
#pragma once

#include <leat/detail/runtime/command_outcome.hpp>
#include <leat/detail/runtime/process_usage.hpp>
#include <leat/detail/transport/frame.hpp>

#include <array>
#include <bit>
#include <caf/all.hpp>

namespace leat {

/// Producer to consumer: a frame on one of the consumer's channels.
struct deliver_message {
  std::size_t channel;
  frame content;
};

/// The same between processes. `sequence` counts the frames of the channel from 0.
struct encoded_message {
  std::size_t channel = 0;
  std::uint64_t sequence = 0;
  std::string content; ///< see frame_packer.hpp
};
template <class Inspector>
auto inspect(Inspector& f, encoded_message& m) {
  return f(m.channel, m.sequence, m.content);
}

template <class Inspector>
auto inspect(Inspector& f, credit& c) {
  return f(c.frames, c.records, c.bytes);
}

/// Consumer to producer: credit for a lane of one of the producer's ports.
struct grant_message {
  std::size_t port = 0;
  std::size_t lane = 0;
  credit returned;
};
template <class Inspector>
auto inspect(Inspector& f, grant_message& m) {
  return f(m.port, m.lane, m.returned);
}

/// Consumer to producer: no more on this lane.
struct cancel_message {
  std::size_t port = 0;
  std::size_t lane = 0;
};
template <class Inspector>
auto inspect(Inspector& f, cancel_message& m) {
  return f(m.port, m.lane);
}

template <class Inspector>
auto inspect(Inspector& f, stamp& s) {
  std::int64_t time = s.time.time_since_epoch().count();
  auto path = std::bit_cast<std::array<std::uint64_t, 2>>(s.path);
  const auto load = [&]() -> caf::error {
    s.time = event_time{std::chrono::microseconds{time}};
    s.path = std::bit_cast<stamp_path>(path);
    return caf::none;
  };
  return f(time, s.source, s.split, s.position, path[0], path[1], caf::meta::load_callback(load));
}

template <class Inspector>
auto inspect(Inspector& f, mark& m) {
  return f(m.progress, m.idle, m.stalled);
}

/// Producer to consumer, in a composition by hand, where they share no progress_table: what is
/// promised on a channel behind so many frames. Answered by heard_message; until then the next one
/// waits, and replaces others that wait. So a consumer that is stuck gets one.
struct promise_message {
  std::size_t channel = 0;
  mark promised;
  std::uint64_t frames = 0;
};
template <class Inspector>
auto inspect(Inspector& f, promise_message& m) {
  return f(m.channel, m.promised, m.frames);
}

/// Consumer to producer: the last promise on this lane was taken note of.
struct heard_message {
  std::size_t port = 0;
  std::size_t lane = 0;
};
template <class Inspector>
auto inspect(Inspector& f, heard_message& m) {
  return f(m.port, m.lane);
}

/// To a subtask: its progress_table has something to read.
struct look_message {};

/// To the relay of a node: this table of its has something to read.
struct table_message {
  std::size_t table = 0;
};

/// To the relay of a node: who carries promises on the other nodes, by their numbers.
struct relays_message {
  std::vector<caf::actor> relays;
};
template <class Inspector>
auto inspect(Inspector& f, relays_message& m) {
  return f(m.relays);
}

/// Relay to relay: the latest promises of its node that have changed. Answered by
/// progress_heard_message; until then there is no other one.
struct progress_message {
  struct promise {
    std::size_t group = 0; ///< of consumers
    std::size_t producer = 0;
    mark promised;
    std::vector<std::uint64_t> frames; ///< that it stands behind, by consumer
  };
  std::vector<promise> promises;
};
template <class Inspector>
auto inspect(Inspector& f, progress_message::promise& p) {
  return f(p.group, p.producer, p.promised, p.frames);
}
template <class Inspector>
auto inspect(Inspector& f, progress_message& m) {
  return f(m.promises);
}
struct progress_heard_message {};
template <class Inspector>
auto inspect(Inspector& f, progress_heard_message&) {
  return f();
}

/// To a subtask: its source has something, or, with the number of a wake-up that it asked for, the
/// time for that has come.
struct wake_message {
  std::uint64_t number = 0;
};

/// Job to subtask: who its neighbours are. Answered by a ready or a fault message.
struct wire_message {
  struct consumer {
    caf::actor to;
    std::size_t channel = 0;
    bool elsewhere = false; ///< in another process
  };
  struct producer {
    caf::actor from;
    std::size_t port = 0;
    std::size_t lane = 0;
  };
  caf::actor job;
  std::uint64_t term = 1;                   ///< of the job's attempt
  epoch after = 0;                          ///< the last epoch before those of this attempt
  std::size_t number = 0;                   ///< of the subtask within the job
  std::vector<std::vector<consumer>> ports; ///< by port and lane
  std::vector<producer> channels;
};
template <class Inspector>
auto inspect(Inspector& f, wire_message::consumer& c) {
  return f(c.to, c.channel, c.elsewhere);
}
template <class Inspector>
auto inspect(Inspector& f, wire_message::producer& p) {
  return f(p.from, p.port, p.lane);
}
template <class Inspector>
auto inspect(Inspector& f, wire_message& m) {
  return f(m.job, m.term, m.after, m.number, m.ports, m.channels);
}

/// Job to source: everybody is ready.
struct start_message {};
template <class Inspector>
auto inspect(Inspector& f, start_message&) {
  return f();
}

/// Job to all subtasks: sources put this barrier into the stream, others will meet it.
struct barrier_message {
  std::string content; ///< see encode_barrier
};
template <class Inspector>
auto inspect(Inspector& f, barrier_message& m) {
  return f(m.content);
}

template <class Inspector>
auto inspect(Inspector& f, command& c) {
  return f(c.stage, c.verb, c.payload);
}

/// Job to subtask: this command is to come with a barrier. Answered by a prepare_answer_message.
struct prepare_message {
  command what;
};
template <class Inspector>
auto inspect(Inspector& f, prepare_message& m) {
  return f(m.what);
}

/// Job to subtask: the command that it has prepared last is refused, and does not come.
struct withdraw_message {};
template <class Inspector>
auto inspect(Inspector& f, withdraw_message&) {
  return f();
}

/// Subtask to job. The subtask is its number within the job.
struct ready_message {
  std::size_t subtask = 0;
};
template <class Inspector>
auto inspect(Inspector& f, ready_message& m) {
  return f(m.subtask);
}

/// Subtask to job: its stream has ended; it waits for its last commit_message, since it has
/// prepared an output, or its state belongs to checkpoints. These are its metrics.
struct prepared_message {
  std::size_t subtask = 0;
  std::string metrics; ///< as that of done_message
};
template <class Inspector>
auto inspect(Inspector& f, prepared_message& m) {
  return f(m.subtask, m.metrics);
}

/// Subtask to job: its state at this epoch's barrier is durable, or could not be saved.
struct saved_message {
  std::size_t subtask = 0;
  epoch of = 0;
  std::string state; ///< as a manifest mentions it, encoded
  bool failed = false;
  error why = {};
};
template <class Inspector>
auto inspect(Inspector& f, saved_message& m) {
  return f(m.subtask, m.of, m.state, m.failed, m.why);
}

/// Job to subtask: what it has prepared of the epochs up to this one is to appear.
struct commit_message {
  epoch up_to = 0;
  bool last = false; ///< the subtask's work ends with it
};
template <class Inspector>
auto inspect(Inspector& f, commit_message& m) {
  return f(m.up_to, m.last);
}

template <class Inspector>
auto inspect(Inspector& f, process_usage& u) {
  return f(u.cpu, u.memory);
}

/// Subtask to job: its last frames are sent, and these are its last metrics.
struct done_message {
  std::size_t subtask = 0;
  std::string metrics;      ///< see metrics.hpp; empty within the job's process
  process_usage usage = {}; ///< of a worker, so far
};
template <class Inspector>
auto inspect(Inspector& f, done_message& m) {
  return f(m.subtask, m.metrics, m.usage);
}

template <class Inspector>
auto inspect(Inspector& f, error& e) {
  return f(e.domain, e.what, e.hint, e.stage, e.retry);
}
struct fault_message {
  std::size_t subtask = 0;
  error what;
};
template <class Inspector>
auto inspect(Inspector& f, fault_message& m) {
  return f(m.subtask, m.what);
}

/// Subtask to job: it is prepared for the command, or refuses it.
struct prepare_answer_message {
  std::size_t subtask = 0;
  bool refused = false;
  error why = {};
};
template <class Inspector>
auto inspect(Inspector& f, prepare_answer_message& m) {
  return f(m.subtask, m.refused, m.why);
}

/// A worker to the job: the metrics of its subtasks and of its process, now and then.
struct metrics_message {
  std::vector<std::pair<std::size_t, std::string>> metrics;
  process_usage usage = {};
};
template <class Inspector>
auto inspect(Inspector& f, metrics_message& m) {
  return f(m.metrics, m.usage);
}

/// Job to a worker: it has failed. Who waits there for room for dead letters waits no longer.
struct abandon_message {};
template <class Inspector>
auto inspect(Inspector& f, abandon_message&) {
  return f();
}

/// Program to job: a command, which waits for those before it.
struct command_message {
  command what;
  std::shared_ptr<command_outcome> outcome;
};
struct abort_message {};

/// Registers what may leave the process.
caf::actor_system_config& add_messages(caf::actor_system_config& config);

} // namespace leat

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::deliver_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::look_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::table_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::wake_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::command_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::abort_message)
