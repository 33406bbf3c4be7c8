// Graphs composed by hand: stages are spawned as actors in your own actor system, connected one by
// one, and run. For programs that use CAF already; all others write a leat::graph, which also has
// parallelism, keys, batchings by flag and workers.
//
//   auto numbers = leat::spawn_source(system, "numbers", leat::generate(...));
//   auto desk = leat::spawn_actor<my_desk>(system, "desk");
//   auto out = leat::spawn_sink<priced>(system, "out", leat::print_sink{});
//   leat::composition all;
//   all.connect(numbers, desk), all.connect(desk, out);
//   leat::result<void> ended = all.run(system);
//
// Each stage is one actor, and part of one composition, once. All edges carry stamps and marks. A
// stage with several producers takes their records in stamp order; one with several consumers sends
// all records to each. Sources are not aligned as in a graph: a merge holds the records by which
// one is ahead of another. A record that cannot be processed fails the job; the job ends when its
// sources do, or when a stage is killed.
#pragma once

#include <leat/actor.hpp>
#include <leat/detail/stage/typed_source.hpp>
#include <leat/sink.hpp>

namespace leat {

/// What sources take and sinks emit.
struct nothing {};

/// A stage that stands alone until it is connected. Its actor takes its own messages at any time.
template <class In, class Out>
struct lone_stage {
  std::string name;
  caf::actor actor;
};

namespace detail {

/// A blueprint without neighbours; `make` gets their number when they are known.
subtask_blueprint lone_blueprint(std::string name,
                                 std::function<std::shared_ptr<stage>(std::size_t)> make);
caf::actor spawn_lone(caf::actor_system& system, subtask_blueprint blueprint, bool own_thread);

/// To so many consumers, each of which gets all records.
fanout to_consumers(const record_type& type, std::size_t consumers);

} // namespace detail

/// Spawns an actor around any stage; `make(fanout)` returns its logic. For windowing, scoring
/// and other stages without a function here.
template <class In, class Out, class Make>
lone_stage<In, Out> spawn_stage(caf::actor_system& system, std::string name, Make make,
                                bool own_thread = false) {
  auto blueprint = detail::lone_blueprint(name, [make](std::size_t consumers) {
    return make(detail::to_consumers(record_type_of<Out>, consumers));
  });
  return {std::move(name), detail::spawn_lone(system, std::move(blueprint), own_thread)};
}

template <class Source, class EventTime = no_event_time>
auto spawn_source(caf::actor_system& system, std::string name, Source source,
                  EventTime times = {}) {
  using T = typename Source::record_type;
  return spawn_stage<nothing, T>(
      system, std::move(name),
      [source, times](fanout to) -> std::unique_ptr<stage> {
        return make_source_stage(source, times, std::move(to));
      },
      blocks<Source>());
}

template <class T, class Sink>
lone_stage<T, nothing> spawn_sink(caf::actor_system& system, std::string name, Sink sink) {
  return spawn_stage<T, nothing>(
      system, std::move(name),
      [sink](fanout) -> std::unique_ptr<stage> {
        return std::make_unique<sink_stage<T, Sink>>(sink, std::chrono::nanoseconds{0});
      },
      blocks<Sink>());
}

/// Spawns a custom actor, like actor<A>(args...) in a graph.
template <stage_actor_class A, class... Args>
auto spawn_actor(caf::actor_system& system, std::string name, Args... args) {
  using in = typename A::input_type;
  using out = typename A::output_type;
  auto blueprint =
      detail::lone_blueprint(name, [](std::size_t consumers) -> std::shared_ptr<stage> {
        return std::make_shared<actor_stage<in, out>>(
            detail::to_consumers(record_type_of<out>, consumers));
      });
  constexpr auto options = blocks<A>() ? caf::detached : caf::no_spawn_options;
  return lone_stage<in, out>{
      std::move(name), system.spawn<detail::hosted<A>, options>(actor_context{std::move(blueprint)},
                                                                std::move(args)...)};
}

/// Stages and their connections. Not thread-safe.
class composition {
public:
  template <class A, class B, class C>
  void connect(const lone_stage<A, B>& from, const lone_stage<B, C>& to) {
    static_assert(!std::is_same_v<B, nothing>, "a sink has no output");
    const std::size_t producer =
        index_of({from.name, from.actor, std::is_same_v<A, nothing>, false});
    connect(producer, index_of({to.name, to.actor, false, std::is_same_v<C, nothing>}));
  }

  /// Starts all stages and waits until all have ended: success, or the first fault. Once. Blocks.
  result<void> run(caf::actor_system& system);

private:
  struct member {
    std::string name;
    caf::actor actor;
    bool is_source;
    bool is_sink;
    /// Numbers of the consumers' members and their channels; and of the producers' and their ports.
    std::vector<std::pair<std::size_t, std::size_t>> consumers = {};
    std::vector<std::pair<std::size_t, std::size_t>> producers = {};
  };
  std::size_t index_of(member m);
  void connect(std::size_t from, std::size_t to);
  bool has_cycle() const;

  std::vector<member> members_;
};

} // namespace leat
