// The coordinator of an attempt of a job: spawns and wires subtasks, injects barriers, and ends the
// attempt. It lets sinks commit when all have ended well, and whenever a checkpoint is complete; at
// the first fault, no more.
#pragma once

#include <leat/detail/runtime/subtask_actor.hpp>
#include <leat/internal/runtime/checkpointing.hpp>
#include <leat/internal/runtime/given_commands.hpp>
#include <leat/internal/runtime/savepoints.hpp>

#include <future>
#include <set>

namespace leat {

/// A subtask as the coordinator knows it before it runs.
struct planned_subtask {
  std::string stage;      ///< its name
  std::size_t number = 0; ///< within the job
  subtask_blueprint blueprint;
  std::shared_ptr<subtask_metrics> metrics; ///< as the blueprint's, which is given away
  std::vector<std::string> verbs;           ///< of the commands that its stage takes
  bool is_source = false;
  bool own_thread = false;
  std::shared_ptr<const subtask_factory> factory; ///< null: the runtime's own actor
  std::size_t node = 0;                           ///< the process it runs in; 0 is the job's
  caf::actor elsewhere;                           ///< it, where it runs in another process
  /// By port and lane: the consuming subtask's number and channel.
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> ports;
  std::vector<bool> leads_to_order; ///< by port: see resolved_plan::edge
  /// By channel: the producing subtask's number, port and lane.
  std::vector<std::tuple<std::size_t, std::size_t, std::size_t>> channels;
};

/// Starts a subtask in this process, on a thread of its own if it asks for one. It waits to be
/// wired. Takes the blueprint.
caf::actor spawn_subtask(caf::local_actor& by, planned_subtask& p);

/// Who speaks for a worker.
struct worker_agent {
  caf::actor actor;
  std::string name; ///< of the worker
  /// Of its process; the job stores it.
  std::shared_ptr<reported_usage> usage = std::make_shared<reported_usage>();
};

/// The fault of a job that a worker has left.
error lost_worker(std::string_view name);

/// How an attempt ended.
struct job_outcome {
  std::optional<error> fault;
  bool began = false;   ///< all stages were opened, and sources began to read
  epoch last_epoch = 0; ///< that was injected, by it or by an attempt before it
  bool saved = false;   ///< it has completed a checkpoint
};

/// Told once, when the last subtask is gone.
using job_end = std::function<void(job_outcome)>;

/// Asked when all stages have ended well: an error keeps the outputs from appearing. May be null.
using job_verdict = std::function<result<void>()>;

/// Gives a command to a job of this plan. The future is ready when the command is sure to take
/// effect, or is refused.
std::future<result<void>> give_command(const caf::actor& job, const plan& p, command c);

/// The future of a command that is refused at once.
std::future<result<void>> refused_command(error why);

/// Program to job: these workers on other hosts have fallen silent, and so are lost.
struct silent_message {
  std::vector<std::size_t> workers; ///< from 0
};

/// Program to job: a savepoint is wanted.
struct savepoint_message {
  std::string name;
  bool at_end = false; ///< of the round that ends the job
  std::shared_ptr<command_outcome> outcome;
};

/// To itself: the time to look after the checkpoints has come.
struct checkpoint_look {
  std::uint64_t number = 0;
};

class job_actor : public caf::event_based_actor {
public:
  /// `workers`: who speaks for other processes that run some of the subtasks.
  job_actor(caf::actor_config& config, attempt_id which, std::vector<planned_subtask> plan,
            std::vector<worker_agent> workers, dead_letter_sink* dead_letters, job_verdict verdict,
            job_end end, checkpoint_setup checkpoints = {});

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void spawn_all();
  void wire(std::size_t number);
  void ready();
  bool is_from_subtask(std::size_t number);
  std::optional<std::size_t> sending_subtask();
  const worker_agent* sending_worker();
  const worker_agent* worker_of(std::size_t subtask) const;
  error with_node(error e, std::size_t subtask) const;
  void take_metrics(std::size_t subtask, std::string_view metrics);
  void prepared(const prepared_message& m);
  void done(const done_message& m);
  void settled();
  void give(command_message& m);
  void prepare_commands();
  void ask(const command& c);
  void conclude(answered_command c);
  bool has_input() const;
  void prepare_answered(const prepare_answer_message& m);
  void has_ended(std::size_t subtask);
  void refuse_commands();
  void inject(command c);
  void begin_round(std::vector<command> commands, bool last);
  void tend_checkpoints();
  void look_again();
  void saved(const saved_message& m);
  void complete_round();
  void round_over();
  void give(savepoint_message& m);
  void begin_wanted_round();
  void commit(epoch up_to, bool last);
  bool may_inject() const;
  bool all_settled() const { return settled_ == plan_.size(); }
  void send_barrier(const barrier& at);
  void fail(error e);
  void gone(const caf::down_msg& m);
  void lost(std::size_t worker);
  void end_if_over();
  std::optional<error> fault_of(const caf::down_msg& m) const;

  const std::uint64_t term_;
  std::vector<planned_subtask> plan_;
  std::vector<worker_agent> workers_; ///< of node n it is workers_[n - 1]
  dead_letter_sink* dead_letters_;
  job_verdict verdict_;
  job_end end_;
  std::shared_ptr<std::atomic<bool>> failed_ = std::make_shared<std::atomic<bool>>(false);
  std::vector<caf::actor> subtasks_;
  std::vector<bool> done_;     // by subtask: its metrics are final
  std::vector<bool> stopped_;  // by subtask: a source that is done, or is to end at a barrier
  std::vector<bool> prepared_; // by subtask: a sink whose output is durable
  std::size_t settled_ = 0;    // subtasks that are done or prepared
  bool saved_ = false;         // a checkpoint is complete
  bool stopping_ = false;      // the job ends with the next checkpoint, its sources read no more
  bool committing_ = false;    // the last outputs appear now: too late to stop
  std::optional<checkpointing> checkpoints_; // these two: if it makes any
  std::optional<savepoints> savepoints_;
  const leat::clock* time_ = nullptr; // of the checkpoints
  std::uint64_t looks_ = 0;           // the number of the last one that was asked for
  std::size_t ready_ = 0;
  std::set<caf::actor_addr> alive_; ///< subtasks
  epoch epoch_;                     // the last one
  given_commands commands_;
  bool running_ = false;
  std::optional<error> fault_;
  strangers strangers_;
};

} // namespace leat

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::silent_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::savepoint_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::checkpoint_look)
