// The one actor class that runs any subtask.
#pragma once

#include <leat/runtime/messages.hpp>
#include <leat/runtime/subtask.hpp>

namespace leat {

/// What a subtask actor is made of.
struct subtask_blueprint {
  std::size_t number = 0; ///< within the job
  std::shared_ptr<stage> logic;
  subtask::settings settings;
  std::shared_ptr<subtask_metrics> metrics;
  caf::actor job;
  std::shared_ptr<const std::atomic<bool>> job_failed; ///< nothing is processed any more
};

class subtask_actor : public caf::event_based_actor, private host {
public:
  subtask_actor(caf::actor_config& config, subtask_blueprint blueprint);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  // What a handler returns. After `void` CAF would prepare an answer, for every message.
  using no_answer = caf::delegated<void>;

  // Runs a handler's body: what it throws becomes the fault of this stage, and when nothing else is
  // in the mailbox the subtask hands on what waits for company.
  template <class Body>
  no_answer handle(Body body);

  void fail(error e);

  void send(std::size_t port, std::size_t lane, frame f) override;
  void grant(std::size_t channel, const credit& returned) override;
  void cancel(std::size_t channel) override;
  void again(std::uint64_t number) override;
  void wake_at(clock_time when, std::uint64_t number) override;
  void report(const mark& reached) override;
  void done() override;

  subtask_blueprint blueprint_;
  wire_message wiring_;
  bool failed_ = false;
  std::optional<subtask> subtask_;
};

} // namespace leat
