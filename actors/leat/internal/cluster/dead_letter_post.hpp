// On a worker: where the dead letters of its subtasks go.
#pragma once

#include <leat/internal/cluster/mail_slot.hpp>
#include <leat/internal/cluster/messages.hpp>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

namespace leat {

/// Sends letters to the desk of the coordinator, which keeps them. put() returns when a letter is
/// sent, and waits while too much has been sent that the desk has not answered: at the cap of the
/// coordinator's file all nodes wait. Thread-safe.
class dead_letter_post final : public dead_letter_sink {
public:
  /// So many bytes may wait for an answer. One letter may exceed that, if it waits alone.
  static constexpr std::size_t most_unanswered = 256 * 1024;

  dead_letter_post() = default;
  ~dead_letter_post() override { end(); }

  /// From now on letters go to this desk.
  void begin(caf::actor_system& system, const caf::actor& desk);
  /// Nothing of the actor system is held any more; letters are refused.
  void end();

  void put(dead_letter letter) override;
  void flush() override;
  /// How many letters the coordinator has kept.
  std::uint64_t count() const override;
  void abandon() override;

private:
  template <class Condition>
  void wait_until(std::unique_lock<std::mutex>& lock, Condition enough);
  void answered(const letter_answer_message& m, const caf::strong_actor_ptr& from);

  mutable std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::unique_ptr<mail_slot> answers_;
  caf::actor desk_;                    ///< null before begin(), and after end()
  std::deque<std::size_t> unanswered_; ///< sizes of letters, the first one first
  std::size_t unanswered_bytes_ = 0;
  std::uint64_t kept_ = 0;
  std::optional<error> fault_; ///< why one was not kept
  bool abandoned_ = false;
};

} // namespace leat
