// What the handles of a graph write into while it is written, and the part of a handle that knows
// neither its record type nor its steps.
#pragma once

#include <leat/detail/plan/plan.hpp>

namespace leat {

/// How a stage is run; what is left out follows from the run and from the stages around it.
struct stage_options {
  std::size_t parallelism = 0;
  leat::order order = leat::order::by_stamp;
};

/// The same of a sink. Few depend on order, and what does makes all stages before it keep it.
struct sink_options {
  std::size_t parallelism = 0;
  leat::order order = leat::order::by_arrival;
};

namespace detail {

/// What handles that were copied from each other share: which output they read, and through which
/// steps.
struct origin {
  std::string text;
  bool used = false;
  std::shared_ptr<plan_output> from;
  std::vector<std::string> steps = {};
  std::shared_ptr<plan_output> sealed = {}; ///< once the handle was forked
};

/// What all handles of a graph write into.
struct graph_state {
  leat::plan plan;
  std::vector<std::shared_ptr<origin>> ends;
};

/// What travels on an edge.
struct edge_type {
  const record_type& layout;
  std::string name;
  const row_codec* codec;
};

/// A place in a graph from which it is written on. Cheap to copy.
class handle {
public:
  explicit handle(std::string graph);

  leat::plan& plan() const { return state_->plan; }
  /// The plan, with all that follows from what was written.
  leat::plan& finished_plan() const;
  bool same_graph(const handle& other) const { return state_ == other.state_; }

  /// Adds a stage, which nothing leads to yet, and returns its number.
  std::size_t add(plan_stage s, std::unique_ptr<stage_maker> maker) const;
  /// Adds a stage that hands on records as they are.
  std::size_t add_merge(std::string name, const record_type& type, std::size_t parallelism) const;
  std::size_t add_batching(std::string name, const edge_type& type, any_batching batching,
                           std::size_t parallelism) const;
  plan_stage& stage(std::size_t number) const { return plan().stages[number]; }

  /// The main output of a stage. `text`: what it is, if it turns out to lead nowhere.
  handle output_of(std::size_t stage, std::string text = {}) const;
  /// The side output of this name of the stage that this one comes from.
  handle side(const std::string& name, std::unique_ptr<side_port> (*make)(fanout)) const;

  /// This place after one step more.
  handle after(std::string step) const;
  /// A place that may be used again and again. `fork`: leads to it through the steps before, if
  /// there are any; made only once.
  template <class MakeFork>
  handle sealed(MakeFork make_fork) const {
    if (!origin_->sealed)
      seal(make_fork());
    return at_seal();
  }

  /// Leads to an input of a stage, through the steps before.
  void feed(std::size_t to, routing by, const edge_type& type, std::unique_ptr<branch_maker> branch,
            std::size_t input = 0) const;
  /// The same without steps.
  void feed(std::size_t to, routing by, const edge_type& type) const;

private:
  handle(std::shared_ptr<graph_state> state, std::shared_ptr<origin> at)
      : state_(std::move(state)), origin_(std::move(at)) {}

  handle at(std::string text, std::shared_ptr<plan_output> from) const;
  void seal(std::unique_ptr<fork_maker> fork) const;
  handle at_seal() const;

  std::shared_ptr<graph_state> state_;
  std::shared_ptr<origin> origin_; ///< null at the graph's beginning
};

} // namespace detail

} // namespace leat
