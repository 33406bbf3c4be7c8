// Custom actors as stages: a CAF actor with its own messages that processes records of type In and
// emits records of type Out. Flow control, progress, barriers and shutdown are handled for it; it
// has one verb, `process`, like an operator.
//
//   struct desk : leat::stage_actor<order, priced_order> {
//     using stage_actor::stage_actor;
//     caf::behavior own_messages() override {
//       return {[this](double price) { price_ = price; }};
//     }
//     void process(const order& o, leat::emitter<priced_order>& out) { out({o, price_}); }
//     double price_ = 0;
//   };
//   ... .via("desk", leat::actor<desk>())
//
// `process` may return leat::result<void>, as that of an operator. Optional: `finish(out)` once
// after the last record; `blocking = true` as a static member if it may block (it then gets a
// thread). An exception from the handlers of its own messages fails the job, and so does a failed
// request without a handler for errors.
#pragma once

#include <leat/detail/runtime/subtask_actor.hpp>
#include <leat/detail/stage/actor_stage.hpp>

namespace leat {

/// The place of a stage actor in its job. Made by Leat; the actor's constructor passes it on.
struct actor_context {
  subtask_blueprint blueprint;
};

/// The base of such an actor. It may send, request, delay and spawn like any event-based actor, but
/// keeps its behaviour and lives until its stream has ended.
template <class In, class Out>
class stage_actor : public subtask_actor, private record_handler<In, Out> {
public:
  using input_type = In;
  using output_type = Out;

  stage_actor(caf::actor_config& config, actor_context at)
      : subtask_actor(config, std::move(at.blueprint)) {
    // A request failed that has no handler for errors. CAF would end the actor, as if it had quit.
    set_error_handler([this](const caf::error& why) {
      throw failure(external_error("a request of its actor failed: " + system().render(why),
                                   "give it a handler for errors: request(...).then(on_answer, "
                                   "[](const caf::error&) { ... })"));
    });
  }

  caf::behavior make_behavior() final { return subtask_actor::make_behavior(); }
  void on_exit() final {
    stage_ = nullptr;
    subtask_actor::on_exit();
  }

protected:
  /// Handlers of the actor's own messages. They run between records, also while it is paused;
  /// messages that come before the job has begun wait until then.
  virtual caf::behavior own_messages() { return {}; }

  /// Emits a record from a handler of the actor's own messages. It is ordered after all that was
  /// promised, and, while paused, after the record that the actor is processing. It waits in memory
  /// while consumers are slow.
  void emit(Out record) { begun().emit(std::move(record)); }

  /// The stamp of the record that `process` is called with, for a reject() after it has returned.
  stamp here() { return begun().here(); }

  /// Makes a record a dead letter from a handler of the actor's own messages, like an error that
  /// `process` returns: with a user error; with any other the job fails. The dead letter names the
  /// stage and the place.
  void reject(const In& record, const leat::error& why, const stamp& at) {
    begun().reject(record, why, at);
  }

  /// Suspends the stream until unpause(), to wait for the answer to a request: records, marks and
  /// barriers wait, and senders run out of credit.
  void pause() { begun().pause(); }
  void unpause() { begun().unpause(); }

  template <class... A>
  void become(A&&...) {
    static_assert(!sizeof...(A) && sizeof...(A),
                  "a stage actor keeps its behaviour, or its stream would stand still: state "
                  "decides what own_messages() do");
  }
  void unbecome() = delete;

private:
  caf::behavior messages() final {
    caf::message_handler protocol = subtask_actor::messages().as_behavior_impl();
    return protocol.or_else(own_messages());
  }
  void left_open() final { stage_->wake_soon(); } // own messages hand nothing on
  void bind_stage(stage& s) final {
    stage_ = static_cast<actor_stage<In, Out>*>(&s);
    stage_->bind(*this);
  }
  actor_stage<In, Out>& begun() {
    if (!stage_)
      throw failure(user_error("it emits or pauses in its constructor, or after its end",
                               "send it one of its own messages: that waits until it may"));
    return *stage_;
  }

  actor_stage<In, Out>* stage_ = nullptr;
};

/// The actors that via() and spawn_actor() accept.
template <class A>
concept stage_actor_class =
    std::derived_from<A, stage_actor<typename A::input_type, typename A::output_type>> &&
    requires(A& a, const typename A::input_type& record, emitter<typename A::output_type>& out) {
  a.process(record, out);
};

namespace detail {

/// Calls `process` where its type is known: without a virtual call for each record.
template <class A>
class hosted final : public A {
  using in = typename A::input_type;
  using out = typename A::output_type;

public:
  using A::A;

private:
  void process_stretch(actor_stage<in, out>& stage, frame& f, std::size_t& next,
                       std::size_t end) override {
    stage.each(f, next, end,
               [this](const in& record, leat::emitter<out>& to) { return A::process(record, to); });
  }
  void end_of_input(leat::emitter<out>& to) override {
    if constexpr (requires(A & a) { a.finish(to); })
      A::finish(to);
    else
      static_assert(
          !requires { &A::finish; }, "finish(leat::emitter<Out>&) is public");
  }
};

} // namespace detail

/// Makes actors of class A, each with copies of the same arguments.
template <stage_actor_class A, class... Args>
class stage_actor_factory final : public subtask_factory {
public:
  using input_type = typename A::input_type;
  using output_type = typename A::output_type;
  static constexpr bool blocking = blocks<A>();

  explicit stage_actor_factory(caf::actor_system* asked, Args... args)
      : subtask_factory(asked), args_(std::move(args)...) {}

  caf::actor spawn(caf::local_actor& by, subtask_blueprint blueprint,
                   bool own_thread) const override {
    actor_context at{std::move(blueprint)};
    return std::apply(
        [&](const Args&... args) -> caf::actor {
          if (own_thread)
            return by.spawn<detail::hosted<A>, caf::detached>(std::move(at), args...);
          return by.spawn<detail::hosted<A>>(std::move(at), args...);
        },
        args_);
  }

private:
  std::tuple<Args...> args_;
};

/// For via(): an actor of class A, whose constructor takes these arguments after the actor_config&
/// and the actor_context. It runs in the actor system of the job.
template <class A, class... Args>
auto actor(Args... args) {
  return stage_actor_factory<A, Args...>(nullptr, std::move(args)...);
}

/// The same in your own actor system, where it can exchange messages with your other actors. All
/// stages of its graph run there, so the system must outlive the job, and its number of threads
/// counts: run_options::workers has no effect. Set its "scheduler.max-throughput" to about 30, so
/// that busy stages yield to your actors.
template <class A, class... Args>
auto actor_in(caf::actor_system& system, Args... args) {
  return stage_actor_factory<A, Args...>(&system, std::move(args)...);
}

} // namespace leat
