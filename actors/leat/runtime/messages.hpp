// All messages between the actors of a job. They are few and fixed, whatever the record types:
// types are erased at this border, once per frame.
#pragma once

#include <leat/frame.hpp>

#include <caf/all.hpp>

namespace leat {

/// Producer to consumer: a frame on one of the consumer's channels.
struct deliver_message {
  std::size_t channel;
  frame content;
};

/// Consumer to producer: credit for a lane of one of the producer's ports.
struct grant_message {
  std::size_t port;
  std::size_t lane;
  credit returned;
};

/// Consumer to producer: no more on this lane.
struct cancel_message {
  std::size_t port;
  std::size_t lane;
};

/// To a subtask: its source has something, or, with the number of a wake-up that it asked for, the
/// time for that has come.
struct wake_message {
  std::uint64_t number = 0;
};

/// Job to subtask: who its neighbours are. Answered by a ready or a fault message.
struct wire_message {
  struct consumer {
    caf::actor to;
    std::size_t channel;
  };
  struct producer {
    caf::actor from;
    std::size_t port;
    std::size_t lane;
  };
  std::vector<std::vector<consumer>> ports; ///< by port and lane
  std::vector<producer> channels;
};

/// Job to source: everybody is ready.
struct start_message {};

/// Job to source: put this barrier into the stream.
struct barrier_message {
  std::shared_ptr<const barrier> at;
};

/// Source to job: how far it has come.
struct report_message {
  std::size_t subtask;
  mark reached;
};

/// Job to source: how far the slowest source has come.
struct floor_message {
  stamp slowest;
};

/// Subtask to job. The subtask is its number within the job.
struct ready_message {
  std::size_t subtask;
};
struct done_message {
  std::size_t subtask;
};
struct fault_message {
  std::size_t subtask;
  error what;
};

/// User to job.
struct command_message {
  std::vector<command> commands;
};
struct abort_message {};

} // namespace leat

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::deliver_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::grant_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::cancel_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::wake_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::wire_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::start_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::barrier_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::report_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::floor_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::ready_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::done_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::fault_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::command_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::abort_message)
