// What the handles of a graph write into while it is written: the plan, and what stays typed until
// the stages are made.
#pragma once

#include <leat/detail/plan/plan.hpp>
#include <leat/detail/record/type_name.hpp>
#include <leat/detail/stage/actor_stage.hpp>
#include <leat/model.hpp>

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

template <class>
inline constexpr bool no = false;

/// The record type of a sink's only write(span<const record>); otherwise void.
template <class Sink>
constexpr auto record_of_write(...) -> std::type_identity<void>;
template <class R, class S, class T>
constexpr auto taken_by(R (S::*)(std::span<const T>)) -> std::type_identity<T>;
template <class Sink>
constexpr auto record_of_write(int) -> decltype(taken_by(&Sink::write));
template <class Sink>
using record_of_sink = typename decltype(record_of_write<Sink>(0))::type;

/// Named so that the compiler tells both types.
template <class TakenBySink, class OfStream>
constexpr void this_sink_takes_other_records() {
  static_assert(no<OfStream>, "to(name, sink): the sink takes records of another type than the "
                              "stream has; both are named above (TakenBySink, OfStream)");
}

/// All branches of one output or fork, while the graph is written.
template <class T>
struct tap {
  std::size_t stage = 0; ///< in whose actor they run
  branch_way way{0};
  std::vector<std::function<std::unique_ptr<branch<T>>(const plan_stage&)>> branches;

  /// The way of the branch that is added next.
  branch_way next_way() const {
    branch_way next = way;
    next.push_back(static_cast<std::uint32_t>(branches.size()));
    return next;
  }

  fanout<T> make(const plan_stage& self) const {
    // The number of a fork within another is spent by the branch that leads to it.
    const bool whole_output = way.size() == 1;
    fanout<T> all(whole_output ? self.number_of(way) : std::nullopt);
    for (const auto& b : branches)
      all.add(b(self));
    return all;
  }
};

/// A handle's way back: which output it reads, and through which steps.
struct loose_end {
  std::string text;
  bool used = false;
};

template <class T, class Chain>
struct origin : loose_end {
  origin(loose_end end, std::shared_ptr<tap<typename Chain::in>> f, Chain c,
         std::vector<std::string> s)
      : loose_end(std::move(end)), from(std::move(f)), chain(std::move(c)), steps(std::move(s)) {}
  std::shared_ptr<tap<typename Chain::in>> from;
  Chain chain;
  std::vector<std::string> steps;
  std::shared_ptr<tap<T>> sealed; // once the handle was forked
};

/// A model of the user's own, behind the common interface.
template <class F, class M>
class own_model final : public model<F, typename M::score_type> {
public:
  explicit own_model(M m) : m_(std::move(m)) {}
  void predict(std::span<const F> rows, std::span<typename M::score_type> scores) const override {
    m_.predict(rows, scores);
  }

private:
  M m_;
};

/// What all handles of a graph write into.
struct graph_state {
  leat::plan plan;
  std::vector<std::shared_ptr<loose_end>> ends;

  std::size_t add(plan_stage s) {
    plan.stages.push_back(std::move(s));
    return plan.stages.size() - 1;
  }
  template <class T>
  std::size_t connect(std::size_t from, std::size_t to, routing route,
                      std::vector<std::string> steps, branch_way way) {
    plan.edges.push_back(
        {from, to, route, type_name<T>(), std::move(steps), row_codec_of<T>(), std::move(way)});
    return plan.edges.size() - 1;
  }
};
using graph_ptr = std::shared_ptr<graph_state>;

/// A factory for actors that take records of type T.
template <class Own, class T>
concept actor_on =
    std::derived_from<Own, actor_factory> && std::is_same_v<typename Own::input_type, T>;

template <class Own>
auto add_actor(graph_state& g, std::string name, Own own, stage_options options) {
  using in = typename Own::input_type;
  using out = typename Own::output_type;
  auto to = std::make_shared<tap<out>>();
  plan_stage s;
  s.name = std::move(name);
  s.kind = kinds::actor;
  s.parallelism = options.parallelism;
  s.order = options.order;
  s.blocking = own.blocking;
  s.at_coordinator = true; // whom it talks to is there
  s.factory = std::make_shared<Own>(std::move(own));
  s.make = [to](const plan_stage& self) -> std::unique_ptr<stage> {
    return std::make_unique<actor_stage<in, out>>(to->make(self));
  };
  to->stage = g.add(std::move(s));
  return to;
}

} // namespace detail

} // namespace leat
