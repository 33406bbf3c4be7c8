// The graph as users write it: stream<T> -> keyed_stream -> batched_stream, each with the verbs
// that make sense on it. Stateless steps fuse at compile time into the stage before them; using a
// named handle twice seals it once and forks.
#pragma once

#include <leat/detail/plan/refused_verbs.hpp>
#include <leat/detail/stage/batching_stage.hpp>
#include <leat/detail/stage/keyed_stage.hpp>
#include <leat/detail/stage/merge_stage.hpp>
#include <leat/detail/stage/scoring_stage.hpp>
#include <leat/operator.hpp>
#include <leat/sink.hpp>
#include <leat/source.hpp>

namespace leat {

template <class T, class Chain = pass<T>>
class stream;
template <class T, class Chain, class KeyOf>
class keyed_stream;
template <class T>
class batched_stream;

namespace detail {

/// A handle on the whole output of a stage.
template <class T>
stream<T, pass<T>> stream_of(graph_ptr g, std::shared_ptr<tap<T>> from, std::string text);

} // namespace detail

/// Records of type T. Handles are cheap to copy. Chaining on a temporary fuses steps; a named
/// handle may be used several times: it is sealed once, and every use gets all records.
template <class T, class Chain>
class [[nodiscard]] stream {
public:
  using record_type = T;

  /// Replaces each record by `f(record)`.
  template <class F>
  auto map(std::string name, F f) && {
    if constexpr (!std::is_invocable_v<const F&, const T&>) {
      static_assert(detail::no<F>,
                    "map(name, f): f takes a const record& and is const itself (what a "
                    "mutable lambda remembers, no checkpoint would see)");
      return detail::broken{};
    } else {
      return extend<map_step<Chain, F>>("map " + name, std::move(f));
    }
  }
  template <class F>
  auto map(std::string name, F f) const& {
    return sealed().map(std::move(name), std::move(f));
  }

  /// Keeps the records for which `f(record)` is true.
  template <class F>
  auto filter(std::string name, F f) && {
    if constexpr (!std::is_invocable_r_v<bool, const F&, const T&>) {
      static_assert(detail::no<F>,
                    "filter(name, f): f takes a const record&, returns bool and is const "
                    "itself (what a mutable lambda remembers, no checkpoint would see)");
      return detail::broken{};
    } else {
      return extend<filter_step<Chain, F>>("filter " + name, std::move(f));
    }
  }
  template <class F>
  auto filter(std::string name, F f) const& {
    return sealed().filter(std::move(name), std::move(f));
  }

  /// Replaces each record by those in the range that `f(record)` returns: a container, or a lazy
  /// view, which is walked only as fast as its consumers take it.
  template <class F>
  auto flat_map(std::string name, F f) && {
    if constexpr (!requires(const F& g, const T& r) {
                    std::ranges::begin(std::declval<std::add_lvalue_reference_t<
                                           std::invoke_result_t<const F&, const T&>>>());
                  }) {
      static_assert(detail::no<F>, "flat_map(name, f): f takes a const record&, returns a range of "
                                   "records and is const itself");
      return detail::broken{};
    } else {
      return extend<flat_map_step<Chain, F>>("flat_map " + name, std::move(f));
    }
  }
  template <class F>
  auto flat_map(std::string name, F f) const& {
    return sealed().flat_map(std::move(name), std::move(f));
  }

  /// Partitions by `key_of(record)`: a number, enum, bool, string, or tuple of these.
  template <class KeyOf>
  auto key_by(KeyOf key_of, std::size_t parallelism = 0) && {
    if constexpr (!std::is_invocable_v<const KeyOf&, const T&>) {
      static_assert(detail::no<KeyOf>, "key_by(f): f takes a const record&, returns its key and is "
                                       "const itself");
      return detail::broken{};
    } else if constexpr (!key<std::remove_cvref_t<std::invoke_result_t<const KeyOf&, const T&>>>) {
      static_assert(detail::no<KeyOf>,
                    "key_by(f): a key is a number, an enum, a bool, a std::string, "
                    "or a std::tuple or std::pair of these");
      return detail::broken{};
    } else {
      return keyed_stream<T, Chain, KeyOf>(std::move(*this), std::move(key_of), parallelism);
    }
  }
  template <class KeyOf>
  auto key_by(KeyOf key_of, std::size_t parallelism = 0) const& {
    return sealed().key_by(std::move(key_of), parallelism);
  }

  /// Spreads records over subtasks whatever their keys, so that what follows runs in parallel.
  auto rebalance(std::string name, std::size_t parallelism = 0) && {
    auto out = add_merge(std::move(name), parallelism);
    feed(out->stage, routing::rebalance, rebalance_route{});
    return handle(std::move(out));
  }
  auto rebalance(std::string name, std::size_t parallelism = 0) const& {
    return sealed().rebalance(std::move(name), parallelism);
  }

  /// This stream and another as one. In stamp order, if anything behind it depends on order. With a
  /// parallelism both are spread over its subtasks, as rebalance() does.
  template <class OtherChain>
  auto merge(std::string name, stream<T, OtherChain> other, std::size_t parallelism = 1) && {
    auto out = add_merge(name, parallelism);
    spread(out->stage, parallelism);
    if (other.graph_ == graph_)
      other.spread(out->stage, parallelism);
    else
      graph_->plan.stages[out->stage].faults.push_back(
          user_error("\"" + name + "\" merges streams of two graphs"));
    return handle(std::move(out));
  }
  template <class OtherChain>
  auto merge(std::string name, stream<T, OtherChain> other, std::size_t parallelism = 1) const& {
    return sealed().merge(std::move(name), std::move(other), parallelism);
  }

  /// Groups records into panes for scoring. Which batching never changes a result.
  auto window(std::string name, any_batching batching) && {
    auto out = add_window(std::move(name), batching);
    feed(out->stage, routing::forward, forward_route{});
    return batched_stream<T>(graph_, std::move(out));
  }
  auto window(std::string name, any_batching batching) const& {
    return sealed().window(std::move(name), batching);
  }

  /// Passes records through an actor of the user's own: leat::actor<A>(args...) of
  /// leat/actor.hpp. One, unless the options say otherwise.
  template <class Own>
  auto via(std::string name, Own own, stage_options options = {}) && {
    if constexpr (!detail::actor_on<Own, T>) {
      static_assert(detail::no<Own>, "via(name, actor): leat::actor<A>(...) of a "
                                     "leat::stage_actor<In, Out> whose In is this stream's record");
      return detail::broken{};
    } else {
      options.parallelism = std::max<std::size_t>(options.parallelism, 1);
      auto out = detail::add_actor(*graph_, std::move(name), std::move(own), options);
      spread(out->stage, options.parallelism);
      return handle(std::move(out));
    }
  }
  template <class Own>
  auto via(std::string name, Own own, stage_options options = {}) const& {
    return sealed().via(std::move(name), std::move(own), options);
  }

  /// Ends the stream in a sink.
  template <class Sink>
  void to(std::string name, Sink sink, sink_options options = {}) && {
    if constexpr (!sink_of<Sink, T> && !std::is_void_v<detail::record_of_sink<Sink>>) {
      detail::this_sink_takes_other_records<detail::record_of_sink<Sink>, T>();
    } else if constexpr (!sink_of<Sink, T>) {
      static_assert(detail::no<Sink>,
                    "to(name, sink): a sink of this stream has write(span<const record>)");
    } else {
      plan_stage s;
      s.name = std::move(name);
      s.kind = kinds::sink;
      s.parallelism = options.parallelism;
      s.order = options.order;
      s.blocking = blocks<Sink>();
      s.publishes = publishes<Sink>();
      if constexpr (requires { Sink::at_coordinator; })
        s.at_coordinator = Sink::at_coordinator;
      if constexpr (requires { sink.check(); })
        s.prepare = [sink](plan_stage&) { return sink.check(); };
      if constexpr (requires { sink.targets(std::size_t{1}); })
        s.files = [sink](std::size_t subtasks) { return sink.targets(subtasks); };
      s.make = [sink = std::move(sink)](const plan_stage& self) -> std::unique_ptr<stage> {
        return std::make_unique<sink_stage<T, Sink>>(sink, self.slowed);
      };
      const std::size_t to = graph_->add(std::move(s));
      spread(to, options.parallelism);
    }
  }
  template <class Sink>
  void to(std::string name, Sink sink, sink_options options = {}) const& {
    sealed().to(std::move(name), std::move(sink), options);
  }

  /// The side output of this name of the operator this stream comes from.
  template <class S>
  stream<S> side(const std::string& name) const {
    auto out = std::make_shared<detail::tap<S>>();
    out->stage = origin_->from->stage;
    plan_stage& from = graph_->plan.stages[out->stage];
    if (!from.kind.may_have_sides)
      from.faults.push_back(user_error("stage \"" + from.name + "\" has no side outputs",
                                       "side(name) goes on what process() returns"));
    out->way = {static_cast<std::uint32_t>(from.sides.size() + 1)};
    const auto make = [out](const plan_stage& self) {
      return std::make_unique<side_port_of<S>>(out->make(self));
    };
    if (!from.sides.emplace(name, make).second)
      from.faults.push_back(
          user_error("side output \"" + name + "\" of \"" + from.name + "\" is asked for twice",
                     "keep the handle: it may be used several times"));
    return detail::stream_of(graph_, out, "side output \"" + name + "\" of \"" + from.name + "\"");
  }

  // Illegal here; they exist to say so.
  template <class... A>
  auto process(A&&...) const {
    static_assert(detail::no<stream<A...>>,
                  "process() needs keys: call .key_by(f) before .process(name, operator)");
    return detail::broken{};
  }
  template <class... A>
  auto score(A&&...) const {
    static_assert(detail::no<std::tuple<A...>>,
                  "score() needs panes: call .window(name, batching) before .score(name, model)");
    return detail::broken{};
  }

private:
  template <class, class>
  friend class stream;
  template <class, class, class>
  friend class keyed_stream;
  template <class U>
  friend stream<U, pass<U>> detail::stream_of(detail::graph_ptr, std::shared_ptr<detail::tap<U>>,
                                              std::string);
  using origin_ptr = std::shared_ptr<detail::origin<T, Chain>>;

  stream(detail::graph_ptr g, origin_ptr o) : graph_(std::move(g)), origin_(std::move(o)) {}

  template <class Step, class F>
  auto extend(std::string text, F f) {
    using U = typename Step::out;
    auto o = std::make_shared<detail::origin<U, Step>>(
        detail::loose_end{"the stream after " + text, false}, origin_->from,
        Step{origin_->chain, std::move(f)}, origin_->steps);
    o->steps.push_back(std::move(text));
    origin_->used = true;
    graph_->ends.push_back(o);
    return stream<U, Step>(graph_, std::move(o));
  }

  // The fork point of this handle, made at its first use as a named one.
  stream<T, pass<T>> sealed() const {
    origin_->used = true;
    if constexpr (std::is_same_v<Chain, pass<T>>) {
      origin_->sealed = origin_->from;
    } else if (!origin_->sealed) {
      auto fork = std::make_shared<detail::tap<T>>();
      fork->stage = origin_->from->stage;
      fork->way = origin_->from->next_way();
      origin_->from->branches.push_back([chain = origin_->chain, fork](const plan_stage& self) {
        return std::make_unique<chain_branch<Chain, forked_end<T>>>(
            chain, forked_end<T>(fork->make(self)), self.number_of(fork->way));
      });
      origin_->sealed = std::move(fork);
    }
    auto o = std::make_shared<detail::origin<T, pass<T>>>(
        detail::loose_end{origin_->text, true}, origin_->sealed, pass<T>{}, origin_->steps);
    return {graph_, std::move(o)};
  }

  template <class Route>
  void feed(std::size_t to, routing by, Route route) {
    origin_->used = true;
    const branch_way way = origin_->from->next_way();
    const std::size_t edge =
        graph_->template connect<T>(origin_->from->stage, to, by, origin_->steps, way);
    origin_->from->branches.push_back(
        [chain = origin_->chain, route = std::move(route), edge, way](const plan_stage& self) {
          return std::make_unique<chain_branch<Chain, routed_end<T, Route>>>(
              chain, routed_end<T, Route>(route, edge), self.number_of(way));
        });
  }

  /// Feeds a stage whose subtasks may each take any record.
  void spread(std::size_t to, std::size_t parallelism) {
    if (parallelism > 1)
      feed(to, routing::rebalance, rebalance_route{});
    else
      feed(to, routing::forward, forward_route{});
  }

  std::shared_ptr<detail::tap<T>> add_merge(std::string name, std::size_t parallelism) {
    auto out = std::make_shared<detail::tap<T>>();
    plan_stage s;
    s.name = std::move(name);
    s.kind = kinds::merge;
    s.parallelism = parallelism;
    s.make = [out](const plan_stage& self) -> std::unique_ptr<stage> {
      return std::make_unique<merge_stage<T>>(out->make(self));
    };
    out->stage = graph_->add(std::move(s));
    return out;
  }

  std::shared_ptr<detail::tap<T>> add_window(std::string name, any_batching batching) {
    auto out = std::make_shared<detail::tap<T>>();
    plan_stage s;
    s.name = std::move(name);
    s.kind = kinds::batching;
    s.batching = batching;
    s.verbs = {batching_verb};
    s.make = [out](const plan_stage& self) -> std::unique_ptr<stage> {
      return std::make_unique<batching_stage<T>>(*self.batching, out->make(self));
    };
    out->stage = graph_->add(std::move(s));
    return out;
  }

  template <class U>
  stream<U> handle(std::shared_ptr<detail::tap<U>> out) const {
    std::string text = "the output of stage \"" + graph_->plan.stages[out->stage].name + "\"";
    return detail::stream_of(graph_, std::move(out), std::move(text));
  }

  detail::graph_ptr graph_;
  origin_ptr origin_;
};

template <class T>
stream<T, pass<T>> detail::stream_of(graph_ptr g, std::shared_ptr<tap<T>> from, std::string text) {
  auto o = std::make_shared<origin<T, pass<T>>>(loose_end{std::move(text), false}, std::move(from),
                                                pass<T>{}, std::vector<std::string>{});
  g->ends.push_back(o);
  return {std::move(g), std::move(o)};
}

/// Records of type T partitioned by key: what happens to one key happens in one place, in order.
template <class T, class Chain, class KeyOf>
class [[nodiscard]] keyed_stream : public detail::refused_verbs<detail::keyed_refusal> {
public:
  keyed_stream(stream<T, Chain> from, KeyOf key_of, std::size_t parallelism)
      : from_(std::move(from)), key_of_(std::move(key_of)), parallelism_(parallelism) {}

  /// Runs an operator with keyed state; see operator.hpp.
  template <class Op>
  auto process(std::string name, Op op, stage_options options = {}) && {
    if constexpr (!requires { typename Op::output_type; }) {
      static_assert(
          detail::no<Op>,
          "process(name, operator): the operator says what it emits: using output_type = ...;");
      return detail::broken{};
    } else if constexpr (!keyed_operator_on<Op, T>) {
      static_assert(detail::no<Op>,
                    "process(name, operator): the operator has process(const record&, "
                    "leat::emitter<output>&, leat::context&); or leat::event_context&");
      return detail::broken{};
    } else if constexpr (requires { &Op::on_timer; } && !takes_timers<Op, key_type> &&
                         !takes_processing_timers<Op, key_type>) {
      static_assert(detail::no<Op>,
                    "process(name, operator): on_timer takes (const key&, const leat::timer&, "
                    "leat::emitter<output>&, leat::event_context&); or leat::processing_timer& and "
                    "leat::context&");
      return detail::broken{};
    } else {
      using U = typename Op::output_type;
      auto out = std::make_shared<detail::tap<U>>();
      plan_stage s;
      s.name = std::move(name);
      s.kind = kinds::keyed;
      s.takes_timers = takes_timers<Op, key_type>;
      s.reads_stamps = reads_event_time<Op, T, key_type>;
      s.parallelism = options.parallelism != 0 ? options.parallelism : parallelism_;
      s.order = options.order;
      if constexpr (requires { op.check(); })
        s.prepare = [op](plan_stage&) { return op.check(); };
      s.make = [out, op = std::move(op),
                key_of = key_of_](const plan_stage& self) -> std::unique_ptr<stage> {
        side_ports sides;
        for (const auto& [side_name, make] : self.sides)
          sides.emplace(side_name, make(self));
        return std::make_unique<keyed_stage<T, KeyOf, Op>>(key_of, op, out->make(self),
                                                           std::move(sides));
      };
      out->stage = from_.graph_->add(std::move(s));
      from_.feed(out->stage, routing::hash, hash_route<KeyOf>{key_of_});
      return from_.handle(std::move(out));
    }
  }

  /// As stream::via, with the records of one key in one actor.
  template <class Own>
  auto via(std::string name, Own own, stage_options options = {}) && {
    if constexpr (!detail::actor_on<Own, T>) {
      return std::move(from_).via(std::move(name), std::move(own)); // says what is wrong
    } else {
      if (options.parallelism == 0)
        options.parallelism = parallelism_;
      auto out = detail::add_actor(*from_.graph_, std::move(name), std::move(own), options);
      from_.feed(out->stage, routing::hash, hash_route<KeyOf>{key_of_});
      return from_.handle(std::move(out));
    }
  }

  /// As stream::window, with the records of one key in one subtask.
  auto window(std::string name, any_batching batching) && {
    auto out = from_.add_window(std::move(name), batching);
    from_.graph_->plan.stages[out->stage].parallelism = parallelism_;
    from_.feed(out->stage, routing::hash, hash_route<KeyOf>{key_of_});
    return batched_stream<T>(from_.graph_, std::move(out));
  }

private:
  using key_type = std::remove_cvref_t<std::invoke_result_t<const KeyOf&, const T&>>;

  stream<T, Chain> from_;
  KeyOf key_of_;
  std::size_t parallelism_;
};

/// Panes of records, waiting for a model. It offers score() and nothing else: a score is per
/// record, which is what makes batchings interchangeable.
template <class T>
class [[nodiscard]] batched_stream : public detail::refused_verbs<detail::batched_refusal> {
public:
  batched_stream(detail::graph_ptr g, std::shared_ptr<detail::tap<T>> panes)
      : graph_(std::move(g)), panes_(std::move(panes)),
        end_(std::make_shared<detail::loose_end>()) {
    end_->text = "windowing stage \"" + graph_->plan.stages[panes_->stage].name + "\"";
    graph_->ends.push_back(end_);
  }

  /// Scores each record: by a model, by what its provider loads when the job starts, or by a
  /// function of a record (or of a pane, see scores_pane). Models that are not loaded, and
  /// functions, are known by the stage's name, without a hash.
  template <class M>
  auto score(std::string name, M m) && {
    if constexpr (scores_record<M, T> || scores_pane<M, T>) {
      return add_scoring(std::move(name), function_model<T, M>(std::move(m)));
    } else if constexpr (!requires { typename M::score_type; }) {
      static_assert(detail::no<M>,
                    "score(name, model): a model says what a score is: using score_type = float; "
                    "a function takes a const record&, or a span<const record> and a span<float>, "
                    "and is const itself");
      return detail::broken{};
    } else if constexpr (!model_provider_on<M, T> && !model_on<M, T>) {
      static_assert(detail::no<M>,
                    "score(name, model): a model of this stream has predict(span<const record>, "
                    "span<score_type>) const, a provider has load() const");
      return detail::broken{};
    } else {
      return add_scoring(std::move(name), std::move(m));
    }
  }

private:
  template <class M>
  auto add_scoring(std::string name, M m) {
    using S = typename M::score_type;
    using model_ptr = std::shared_ptr<const model<T, S>>;
    auto out = std::make_shared<detail::tap<scored<T, S>>>();
    auto loaded = std::make_shared<model_ptr>();
    plan_stage s;
    s.kind = kinds::scoring;
    s.blocking = blocks<M>();
    s.prepare = [m, loaded](plan_stage& self) -> result<void> {
      if constexpr (model_provider_on<M, T>) {
        auto got = m.load();
        if (!got)
          return got.error();
        *loaded = std::move(*got);
      } else {
        auto own = std::make_shared<detail::own_model<T, M>>(m);
        own->identity = model_ref::intern({self.name, {}});
        *loaded = std::move(own);
      }
      return {};
    };
    if constexpr (requires { m.inputs(); })
      s.files = [m](std::size_t) { return m.inputs(); };
    s.make = [out, loaded](const plan_stage& self) -> std::unique_ptr<stage> {
      return std::make_unique<scoring_stage<T, S>>(*loaded, out->make(self));
    };
    s.name = name;
    end_->used = true;
    out->stage = graph_->add(std::move(s));
    const std::size_t edge = graph_->template connect<T>(panes_->stage, out->stage,
                                                         routing::forward, {}, panes_->next_way());
    panes_->branches.push_back([edge](const plan_stage&) {
      return std::make_unique<chain_branch<pass<T>, routed_end<T, forward_route>>>(
          pass<T>{}, routed_end<T, forward_route>(forward_route{}, edge));
    });
    return detail::stream_of(graph_, std::move(out), "the output of stage \"" + name + "\"");
  }

  detail::graph_ptr graph_;
  std::shared_ptr<detail::tap<T>> panes_;
  std::shared_ptr<detail::loose_end> end_;
};

/// A dataflow graph. Written once, then run, described or tested. Not thread-safe while written.
class graph {
public:
  explicit graph(std::string name) : state_(std::make_shared<detail::graph_state>()) {
    state_->plan.name = std::move(name);
  }

  /// Starts a stream at a source. The event time, where there is one, orders records of several
  /// splits: leat::event_time_by{[](const payment& p) { return p.time; }, 5s}.
  template <class Source, class EventTime = no_event_time>
  auto from(std::string name, Source source, EventTime times = {}, stage_options options = {}) {
    if constexpr (!requires { typename Source::record_type; }) {
      static_assert(detail::no<Source>,
                    "from(name, source): the source says what it reads: using record_type = ...;");
      return detail::broken{};
    } else if constexpr (!source_of<Source, typename Source::record_type>) {
      static_assert(detail::no<Source>,
                    "from(name, source): a source has pull(demand, leat::emitter<record_type>&) "
                    "returning leat::pull_status, or splits() of such readers");
      return detail::broken{};
    } else if constexpr (!event_time_of<EventTime, typename Source::record_type>) {
      static_assert(detail::no<EventTime>,
                    "from(name, source, event_time_by{f}): f takes a const record& and returns a "
                    "leat::event_time, which leat::from_millis(n) makes of a number of "
                    "milliseconds since 1970 (also from_seconds, from_micros)");
      return detail::broken{};
    } else {
      using T = typename Source::record_type;
      auto out = std::make_shared<detail::tap<T>>();
      plan_stage s;
      s.name = std::move(name);
      s.kind = kinds::source;
      s.verbs = {stop_verb};
      s.parallelism = options.parallelism;
      s.timed = !std::is_same_v<EventTime, no_event_time>;
      if constexpr (!std::is_same_v<EventTime, no_event_time>)
        s.out_of_order = times.out_of_order;
      if constexpr (split_source<Source> && is_live<Source>())
        s.live_splits = source.splits().size();
      s.blocking = blocks<Source>();
      if constexpr (requires { source.check(); })
        s.prepare = [source](plan_stage&) { return source.check(); };
      if constexpr (requires { source.inputs(); })
        s.files = [source](std::size_t) { return source.inputs(); };
      s.make = [out, source = std::move(source),
                times](const plan_stage& self) -> std::unique_ptr<stage> {
        return std::make_unique<source_stage<Source, EventTime>>(source, times, out->make(self));
      };
      std::string text = "the output of source \"" + s.name + "\"";
      out->stage = state_->add(std::move(s));
      return detail::stream_of(state_, std::move(out), std::move(text));
    }
  }

  const std::string& name() const { return state_->plan.name; }

  /// The plan behind the graph, brought up to date.
  leat::plan& plan() {
    auto& p = state_->plan;
    p.loose_ends.clear();
    for (const auto& end : state_->ends)
      if (!end->used)
        p.loose_ends.push_back(end->text);
    p.number_branches();
    return p;
  }

  /// All faults at once; empty if the graph can run.
  std::vector<error> validate() { return plan().validate(); }

private:
  detail::graph_ptr state_;
};

} // namespace leat
