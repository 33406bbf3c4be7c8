// Records on their way: each verb adds a stage to the graph, or a step to the stage before.
#pragma once

#include <leat/detail/plan/branch_makers.hpp>
#include <leat/detail/plan/refused_verbs.hpp>
#include <leat/detail/plan/stage_makers.hpp>

namespace leat {

template <class T, class Chain = pass<T>>
class stream;
template <class T, class Chain, class KeyOf>
class keyed_stream;
template <class T>
class batched_stream;

namespace detail {

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

/// A factory for actors that take records of type T.
template <class Own, class T>
concept actor_on =
    std::derived_from<Own, actor_factory> && std::is_same_v<typename Own::input_type, T>;

/// Adds an actor of the user's own, and returns the number of its stage.
template <class Own>
std::size_t add_actor(const handle& at, std::string name, Own own, const stage_options& options) {
  plan_stage s;
  s.name = std::move(name);
  s.kind = kinds::actor;
  s.parallelism = options.parallelism;
  s.order = options.order;
  s.blocking = own.blocking;
  s.at_coordinator = true; // whom it talks to is there
  s.factory = std::make_shared<Own>(std::move(own));
  return at.add(std::move(s),
                std::unique_ptr<stage_maker>(
                    new actor_maker<typename Own::input_type, typename Own::output_type>()));
}

} // namespace detail

/// Records of type T. Handles are cheap to copy. Chaining on a temporary fuses steps; a named
/// handle may be used several times: it is sealed once, and every use gets all records.
template <class T, class Chain>
class [[nodiscard]] stream {
public:
  using record_type = T;

  /// Called by verbs: what stands at this place of the graph.
  explicit stream(detail::handle at, Chain chain = {})
      : at_(std::move(at)), chain_(std::move(chain)) {}

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
      return keyed_stream<T, Chain, KeyOf>(std::move(at_), std::move(chain_), std::move(key_of),
                                           parallelism);
    }
  }
  template <class KeyOf>
  auto key_by(KeyOf key_of, std::size_t parallelism = 0) const& {
    return sealed().key_by(std::move(key_of), parallelism);
  }

  /// Spreads records over subtasks whatever their keys, so that what follows runs in parallel.
  auto rebalance(std::string name, std::size_t parallelism = 0) && {
    const std::size_t to = at_.add_merge(std::move(name), record_type_of<T>, parallelism);
    feed(to, routing::rebalance);
    return stream<T>(at_.output_of(to));
  }
  auto rebalance(std::string name, std::size_t parallelism = 0) const& {
    return sealed().rebalance(std::move(name), parallelism);
  }

  /// This stream and another as one. In stamp order, if anything behind it depends on order. With a
  /// parallelism both are spread over its subtasks, as rebalance() does.
  template <class OtherChain>
  auto merge(std::string name, stream<T, OtherChain> other, std::size_t parallelism = 1) && {
    const std::size_t to = at_.add_merge(name, record_type_of<T>, parallelism);
    spread(to, parallelism);
    if (other.at_.same_graph(at_))
      other.spread(to, parallelism);
    else
      at_.stage(to).faults.push_back(user_error("\"" + name + "\" merges streams of two graphs"));
    return stream<T>(at_.output_of(to));
  }
  template <class OtherChain>
  auto merge(std::string name, stream<T, OtherChain> other, std::size_t parallelism = 1) const& {
    return sealed().merge(std::move(name), std::move(other), parallelism);
  }

  /// Groups records into panes for scoring. Which batching never changes a result.
  auto window(std::string name, any_batching batching) && {
    const std::size_t to =
        at_.add_batching(std::move(name), detail::edge_type_of<T>(), batching, 0);
    feed(to, routing::forward);
    return batched_stream<T>(at_, to);
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
      const std::size_t to = detail::add_actor(at_, std::move(name), std::move(own), options);
      spread(to, options.parallelism);
      return stream<typename Own::output_type>(at_.output_of(to));
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
      s.kind.publication = detail::publication_of<Sink>();
      s.parallelism = options.parallelism;
      s.order = options.order;
      s.blocking = blocks<Sink>();
      s.publishes = publishes<Sink>();
      if constexpr (requires { Sink::at_coordinator; })
        s.at_coordinator = Sink::at_coordinator;
      const std::size_t to =
          at_.add(std::move(s),
                  std::unique_ptr<stage_maker>(new detail::sink_maker<T, Sink>(std::move(sink))));
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
    return stream<S>(at_.side(name, [](fanout to) {
      return std::unique_ptr<side_port>(new side_port_of<S>(std::move(to)));
    }));
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

  template <class Step, class F>
  auto extend(std::string text, F f) {
    return stream<typename Step::out, Step>(at_.after(std::move(text)),
                                            Step{std::move(chain_), std::move(f)});
  }

  // The fork point of this handle, made at its first use as a named one.
  stream<T> sealed() const {
    return stream<T>(at_.sealed([&]() -> std::unique_ptr<fork_maker> {
      if constexpr (detail::has_steps<Chain>)
        return std::unique_ptr<fork_maker>(new detail::forked_maker<Chain>(chain_));
      return nullptr;
    }));
  }

  void feed(std::size_t to, routing by) {
    if constexpr (detail::has_steps<Chain>)
      at_.feed(
          to, by, detail::edge_type_of<T>(),
          std::unique_ptr<branch_maker>(new detail::chain_maker<Chain>(std::move(chain_), by)));
    else
      at_.feed(to, by, detail::edge_type_of<T>());
  }

  /// Feeds a stage whose subtasks may each take any record.
  void spread(std::size_t to, std::size_t parallelism) {
    feed(to, parallelism > 1 ? routing::rebalance : routing::forward);
  }

  detail::handle at_;
  Chain chain_;
};

} // namespace leat
