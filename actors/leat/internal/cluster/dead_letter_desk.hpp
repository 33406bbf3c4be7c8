// At the coordinator: keeps the dead letters of workers.
#pragma once

#include <leat/dead_letter.hpp>
#include <leat/internal/cluster/mail_slot.hpp>
#include <leat/internal/cluster/messages.hpp>
#include <leat/internal/runtime/job_actor.hpp>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace leat {

/// Puts the letters of all workers into one sink, in a thread of its own as the sink may block, and
/// answers each. What waits here is bounded by what workers send without an answer.
class dead_letter_desk {
public:
  /// The sink outlives it. `workers`: whose letters are taken.
  dead_letter_desk(caf::actor_system& system, dead_letter_sink& to,
                   const std::vector<worker_agent>& workers);
  /// Letters that have come are put before. To be called when no more are needed, and when the sink
  /// does not block for ever: after the end of an attempt, at which it is abandoned if that failed.
  ~dead_letter_desk();
  dead_letter_desk(const dead_letter_desk&) = delete;
  dead_letter_desk& operator=(const dead_letter_desk&) = delete;

  /// For letter_message.
  const caf::actor& address() const { return slot_.address(); }

private:
  struct received {
    dead_letter letter;
    caf::actor from;
  };

  void take(const letter_message& m, const caf::strong_actor_ptr& from);
  void keep_all();
  letter_answer_message keep(dead_letter letter);

  dead_letter_sink& to_;
  const std::map<caf::node_id, std::string> names_; ///< of workers
  std::mutex mutex_;                                ///< guards what follows
  std::condition_variable changed_;
  std::deque<received> waiting_;
  bool closed_ = false;
  strangers strangers_;

  mail_slot slot_;
  std::thread keeping_;
};

} // namespace leat
