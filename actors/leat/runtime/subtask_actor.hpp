// The one actor class that runs any subtask.
#pragma once

#include <leat/frame_codec.hpp>
#include <leat/runtime/messages.hpp>
#include <leat/runtime/subtask.hpp>

namespace leat {

/// What a subtask actor is made of.
struct subtask_blueprint {
  std::size_t number = 0; ///< within the job
  std::shared_ptr<stage> logic;
  subtask::settings settings;
  std::shared_ptr<subtask_metrics> metrics;
  std::shared_ptr<dead_letter_office> office;          ///< the subtask's own way to that of the job
  std::shared_ptr<const std::atomic<bool>> job_failed; ///< nothing is processed any more
  bool tells_figures = false; ///< with its last message, as the job cannot see its metrics
  /// Of edges to and from other processes, by port and by channel; may be null elsewhere.
  std::vector<std::shared_ptr<const row_codec>> port_codecs;
  std::vector<std::shared_ptr<const row_codec>> channel_codecs;
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
  void wire(wire_message& m);
  void receive(encoded_message& m);

  void send(std::size_t port, std::size_t lane, frame f) override;
  void grant(std::size_t channel, const credit& returned) override;
  void cancel(std::size_t channel) override;
  void again(std::uint64_t number) override;
  void wake_at(clock_time when, std::uint64_t number) override;
  void report(const mark& reached) override;
  void done() override;

  subtask_blueprint blueprint_;
  wire_message wiring_;
  std::vector<std::vector<std::uint64_t>> sent_; // frames to other processes, by port and lane
  std::vector<std::uint64_t> received_;          // frames from there, by channel
  bool failed_ = false;
  std::optional<subtask> subtask_;
};

} // namespace leat
