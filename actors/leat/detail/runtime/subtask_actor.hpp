// The one actor class that runs any subtask.
#pragma once

#include <leat/detail/plan/plan.hpp>
#include <leat/detail/runtime/frame_packer.hpp>
#include <leat/detail/runtime/messages.hpp>
#include <leat/detail/runtime/progress_table.hpp>
#include <leat/detail/runtime/strangers.hpp>
#include <leat/detail/runtime/subtask.hpp>

namespace leat {

/// Where a port's promises stand for its consumers.
struct port_promises {
  std::shared_ptr<progress_table> in; ///< null: nowhere, each consumer is told
  std::size_t producer = 0;
  std::size_t first_consumer = 0; ///< that of lane 0; the others follow
};

/// Where a subtask reads what is promised to it.
struct channel_promises {
  std::shared_ptr<progress_table> in;
  std::size_t consumer = 0;
  std::vector<std::optional<std::size_t>> channels; ///< by producer
};

/// The state of a subtask at a barrier.
struct captured_state {
  epoch of = 0;
  std::string stage;
  std::size_t subtask = 0;
  std::size_t subtasks = 1;
  std::uint32_t stage_number = 0;
  bool ended = false;
  bool has_outputs = false;   ///< that are to be committed
  bool holds_records = false; ///< in its inlet
  captured_bytes content;     ///< see subtask::capture
};

/// Writes a state elsewhere. When it is durable, or cannot be written, calls back from any thread,
/// with what the manifest of the checkpoint is to say of it.
using state_keeper =
    std::function<void(captured_state, std::function<void(result<std::string>)> saved)>;

/// A state that a subtask goes on from.
struct saved_state_file {
  std::function<result<std::string>()> read;
  std::string files_at; ///< see stage::find_files_at
};

/// What a subtask actor is made of.
struct subtask_blueprint {
  /// Of an actor that no graph made: fills in what follows from its neighbours.
  std::function<void(subtask_blueprint&, const wire_message&)> complete;
  std::shared_ptr<stage> logic;
  subtask::settings settings;
  std::shared_ptr<subtask_metrics> metrics;
  std::shared_ptr<const std::atomic<bool>> job_failed; ///< nothing is processed any more
  bool reports_metrics = false;        ///< with its last message, as the job cannot see its metrics
  std::vector<port_promises> promises; ///< by port; empty: all consumers are told
  std::vector<channel_promises> reads; ///< of producers on this node, and of others
  state_keeper keep_state;             ///< at each barrier; null: the job makes no checkpoints
  /// What it is to go on from, see subtask::load. Empty: it begins anew.
  std::vector<saved_state_file> saved_states;
  /// Of edges to other processes, by port; may be null elsewhere.
  std::vector<const row_codec*> port_codecs;
  bool compresses = false; ///< frames to other processes
};

/// Makes the actor around a subtask in place of the runtime's own.
class subtask_factory : public actor_factory {
public:
  explicit subtask_factory(caf::actor_system* asked) : system(asked) {}
  caf::actor_system* const system; ///< the one that the whole job is to live in, if not null
  virtual caf::actor spawn(caf::local_actor& by, subtask_blueprint blueprint,
                           bool own_thread) const = 0;
};

class subtask_actor : public caf::event_based_actor {
public:
  subtask_actor(caf::actor_config& config, subtask_blueprint blueprint);

  caf::behavior make_behavior() override;
  void on_exit() override;
  /// One message. A turn of the subtask lasts until the mailbox is empty: only until then is the
  /// actor this thread's, and the clock is read once for all of these messages.
  caf::invoke_message_result consume(caf::mailbox_element& m) override;

protected:
  /// Whoever derives from this one gets hold of its stage here, before it is opened.
  virtual void bind_stage(stage&) {}
  /// What it understands once it is wired.
  virtual caf::behavior messages();
  /// A message was handled and others wait, perhaps none of ours: what waits for company is theirs
  /// to hand on.
  virtual void left_open() {}

private:
  // What a handler returns. After `void` CAF would prepare an answer, for every message.
  using no_answer = caf::delegated<void>;

  // Runs a handler's body: what it throws becomes the fault of this stage, and when nothing else is
  // in the mailbox the subtask hands on what waits for company.
  template <class Body>
  no_answer handle(Body body);
  void fail(error e);

  // Of the message at hand.
  bool is_from_producer(std::size_t channel);
  bool is_from_consumer(std::size_t port, std::size_t lane);
  bool is_from_job();

  void wire(wire_message& m);
  std::string last_metrics() const;
  void prepare(const command& c);
  void load();
  void receive(encoded_message& m);
  void tell(std::size_t port, std::size_t lane);
  void heard(const heard_message& m);

  /// A lane whose consumer is told of promises by message: one at a time.
  struct told_lane {
    mark promised;
    std::uint64_t frames = 0;
    bool told = false;    // and not yet heard
    bool changed = false; // since
  };

  // What the subtask asks for becomes messages. Not functions of the actor itself: who derives from
  // it has names of his own.
  struct messenger final : subtask_host {
    explicit messenger(subtask_actor& actor) : self(actor) {}
    void send(std::size_t port, std::size_t lane, frame f) override;
    void promise(std::size_t port, const mark& m, std::span<const std::uint64_t> frames) override;
    void look(inlet& in) override;
    void grant(std::size_t channel, const credit& returned) override;
    void cancel(std::size_t channel) override;
    void again(std::uint64_t number) override;
    void wake_at(clock_time when, std::uint64_t number) override;
    void passed(const barrier& at) override;
    void prepared() override;
    void done() override;
    subtask_actor& self;
  };

  subtask_blueprint blueprint_;
  messenger messenger_{*this};
  wire_message wiring_;
  frame_packer packer_;
  std::vector<std::vector<std::uint64_t>> sent_; // frames to other processes, by port and lane
  std::vector<std::uint64_t> received_;          // frames from there, by channel
  std::vector<std::vector<told_lane>> told_;     // by port and lane
  bool failed_ = false;
  strangers strangers_;
  std::optional<subtask> subtask_;
};

} // namespace leat
