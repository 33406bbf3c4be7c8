// The plan is the graph without its types: stages, edges, and how to make each stage. The typed
// graph writes it, the runtime and `describe` read it.
#pragma once

#include <leat/batching.hpp>
#include <leat/detail/plan/makers.hpp>
#include <leat/detail/plan/stage_kind.hpp>
#include <leat/detail/transport/row_codec.hpp>

#include <map>
#include <set>

namespace leat {

/// In which order a stage takes records of several channels.
enum class order {
  by_stamp,  ///< as their stamps say: the same in every run, whatever the parallelism
  by_arrival ///< as they come: faster, but what depends on order may differ between runs. Where
             ///< several channels meet, order is lost for all stages behind it
};

/// How to make an actor of the user's own. The core only passes it on: see leat/actor/.
class actor_factory {
public:
  virtual ~actor_factory() = default;
};

/// A label of a Mermaid chart, without its quotes.
std::string mermaid_text(std::string text);

/// As describe() has it.
std::string_view routing_name(routing r);

struct plan_edge {
  std::size_t from = 0;
  std::size_t to = 0;
  routing route = routing::forward;
  std::string type;                 ///< the record type that travels
  std::vector<std::string> steps;   ///< fused steps before the edge, in the producer's actor
  const row_codec* codec = nullptr; ///< null if the record type cannot leave the process
  branch_way way;
  std::size_t input = 0; ///< of the consuming stage
};

/// A side output that is read.
struct plan_side {
  std::shared_ptr<plan_output> output;
  std::unique_ptr<class side_port> (*make)(fanout) = nullptr;
};

struct plan_stage {
  plan_stage();
  plan_stage(const plan_stage&);
  plan_stage(plan_stage&&) noexcept;
  plan_stage& operator=(const plan_stage&);
  plan_stage& operator=(plan_stage&&) noexcept;
  ~plan_stage();

  std::string name;
  stage_kind kind;
  std::size_t parallelism = 0; ///< 0: as the run says, or as the stage's kind and neighbours say
  leat::order order = leat::order::by_arrival;
  bool at_coordinator = false;               ///< it needs the process that was started by the user
  bool timed = false;                        ///< a source whose records have event times
  std::chrono::microseconds out_of_order{0}; ///< of a source: see event_time_by
  /// Of a source: see event_time_by
  std::optional<std::chrono::microseconds> max_drift;
  bool reads_stamps = false;   ///< an operator that takes a leat::event_context
  bool takes_timers = false;   ///< an operator that has event timers
  std::size_t live_splits = 0; ///< of a source whose splits never end
  bool blocking = false;       ///< it may wait outside the runtime, so it gets a thread
  bool publishes = false;      ///< without checkpoints its records are visible before the job's end
  bool checkpoints = false;    ///< the job makes some
  std::optional<any_batching> batching; ///< of a windowing stage; may be replaced before a run
  std::chrono::nanoseconds slowed{0};   ///< trial delay of a sink, per record
  std::string detail;                   ///< what describe() says of it
  std::vector<std::string> verbs;       ///< of the commands that it takes
  std::vector<error> faults;            ///< found while it was built
  std::optional<error> unsavable;       ///< why the state of its subtasks cannot be saved

  std::shared_ptr<stage_maker> maker;
  /// The actor that the stage works in; null: the runtime's.
  std::shared_ptr<const actor_factory> factory;
  std::shared_ptr<plan_output> output; ///< the main one
  std::map<std::string, plan_side> sides;

  /// Of a source whose records have event times; adds a fault where one of these is negative.
  void set_times(std::chrono::microseconds out_of_order, std::chrono::microseconds max_drift);

  /// Whether records of a sink are visible as soon as they are written.
  bool publishes_as_it_goes() const {
    return publishes && !(checkpoints && kind.publication != sink_publication::as_it_goes);
  }

  /// The branches of its main output, for a subtask.
  fanout make_output() const { return output->make(*this); }

  /// The outputs and branches whose records meet those of a sibling again.
  std::set<branch_way> meeting;
  /// By which such a branch extends the path of stamps.
  std::optional<std::uint32_t> number_of(const branch_way& way) const {
    return meeting.contains(way) ? std::optional{way.back()} : std::nullopt;
  }
};

/// What follows from a plan and a run's default parallelism.
struct resolved_plan {
  struct stage {
    std::size_t parallelism = 1;
    bool by_stamp = false;                     ///< merges its channels by stamp, if it has several
    bool ordered = false;                      ///< and it has
    bool wants_order = false;                  ///< it, or a stage behind it, depends on order
    std::chrono::microseconds out_of_order{0}; ///< the most of it, or of the sources before it
  };
  struct edge {
    carried_columns carried;     ///< what somebody behind it reads; with stamps also promises
    bool leads_to_order = false; ///< a stage behind it takes records by stamp, if it has a choice
  };
  std::vector<stage> stages; ///< as plan::stages
  std::vector<edge> edges;   ///< as plan::edges
};

struct plan {
  std::string name;
  std::vector<plan_stage> stages; ///< producers stand before their consumers
  std::vector<plan_edge> edges;
  std::vector<std::string> loose_ends; ///< streams that were declared and lead nowhere

  /// The sources whose splits are kept together: those with a max_drift whose streams meet, also by
  /// way of others. Of each group the stages.
  std::vector<std::vector<std::size_t>> aligned_sources() const;

  /// Finds the branches that meet again. To be called once all edges are there.
  void number_branches();

  /// All faults at once; empty if the plan can run.
  std::vector<error> validate() const;
  resolved_plan resolve(std::size_t default_parallelism) const;

  /// All that keeps the state of a run from being saved; empty if it can be.
  std::vector<error> check_saving(std::size_t default_parallelism) const;

  /// For people: a line a stage, with what it feeds.
  std::string describe_text(std::size_t default_parallelism) const;
  /// A Mermaid flowchart.
  std::string describe_mermaid(std::size_t default_parallelism) const;
  /// A digraph in Graphviz's language.
  std::string describe_dot(std::size_t default_parallelism) const;
  /// For programs: docs/reference/command-line.md has the schema.
  std::string describe_json(std::size_t default_parallelism) const;

  /// The sink, or the windowing stage with a batching, of this name; an error lists those that
  /// there are.
  result<plan_stage*> find_sink(std::string_view stage);
  result<plan_stage*> find_batching(std::string_view stage);

  /// Refuses a command that no stage takes.
  result<void> check(const command& c) const;

  /// Replaces batchings, by windowing stage. All faults at once.
  std::vector<error> set_batching(const std::map<std::string, any_batching>& batchings);
};

} // namespace leat
