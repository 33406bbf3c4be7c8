// Makers of the stages that run what a user wrote: sources, operators, models, actors, sinks.
#pragma once

#include <leat/detail/plan/plan.hpp>
#include <leat/detail/stage/actor_stage.hpp>
#include <leat/detail/stage/keyed_stage.hpp>
#include <leat/detail/stage/scoring_stage.hpp>
#include <leat/detail/stage/typed_source.hpp>
#include <leat/sink.hpp>

namespace leat::detail {

template <class Source, class EventTime>
class source_maker final : public stage_maker {
public:
  source_maker(Source source, EventTime times)
      : source_(std::move(source)), times_(std::move(times)) {}

  result<void> prepare(const plan_stage&) override {
    if constexpr (requires { source_.check(); })
      return source_.check();
    return {};
  }
  std::vector<file_use> files(const plan_stage&, std::size_t) const override {
    if constexpr (requires { source_.inputs(); })
      return source_.inputs();
    return {};
  }
  std::unique_ptr<stage> make(const plan_stage& self) const override {
    return make_source_stage(source_, times_, self.make_output());
  }

private:
  Source source_;
  EventTime times_;
};

/// The side outputs of a stage that are read, for a subtask.
side_ports make_sides(const plan_stage& self);

template <class T, class KeyOf, class Op, class Second = no_input>
class keyed_maker final : public stage_maker {
public:
  keyed_maker(KeyOf key_of, Op op, Second second = {})
      : key_of_(std::move(key_of)), op_(std::move(op)), second_(std::move(second)) {}

  result<void> prepare(const plan_stage&) override {
    if constexpr (requires { op_.check(); })
      return op_.check();
    return {};
  }
  std::unique_ptr<stage> make(const plan_stage& self) const override {
    return std::unique_ptr<stage>(new keyed_stage<T, KeyOf, Op, Second>(
        key_of_, op_, self.make_output(), make_sides(self), second_));
  }

private:
  KeyOf key_of_;
  Op op_;
  Second second_;
};

template <class In, class Out>
class actor_maker final : public stage_maker {
public:
  std::unique_ptr<stage> make(const plan_stage& self) const override {
    return std::unique_ptr<stage>(new actor_stage<In, Out>(self.make_output()));
  }
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

template <class F, class M>
class scoring_maker final : public stage_maker {
  using score = typename M::score_type;

public:
  explicit scoring_maker(M m) : m_(std::move(m)) {}

  result<void> prepare(const plan_stage& self) override {
    if constexpr (model_provider_on<M, F>) {
      auto loaded = m_.load();
      if (!loaded)
        return loaded.error();
      loaded_ = std::move(*loaded);
    } else {
      auto own = std::make_shared<own_model<F, M>>(m_);
      own->identity = model_ref::intern({self.name, {}});
      loaded_ = std::move(own);
    }
    return {};
  }
  std::vector<file_use> files(const plan_stage&, std::size_t) const override {
    if constexpr (requires { m_.inputs(); })
      return m_.inputs();
    return {};
  }
  std::unique_ptr<stage> make(const plan_stage& self) const override {
    return std::unique_ptr<stage>(new scoring_stage<F, score>(loaded_, self.make_output()));
  }

private:
  M m_;
  std::shared_ptr<const model<F, score>> loaded_;
};

template <class T, class Sink>
class sink_maker final : public stage_maker {
public:
  explicit sink_maker(Sink sink) : sink_(std::move(sink)) {}

  result<void> prepare(const plan_stage& self) override {
    if constexpr (requires { sink_.check(sink_context{}); })
      return sink_.check(context_of(self, std::max<std::size_t>(self.parallelism, 1)));
    else if constexpr (requires { sink_.check(); })
      return sink_.check();
    return {};
  }
  std::vector<file_use> files(const plan_stage& self, std::size_t subtasks) const override {
    if constexpr (requires { sink_.targets(sink_context{}); })
      return sink_.targets(context_of(self, subtasks));
    return {};
  }
  std::unique_ptr<stage> make(const plan_stage& self) const override {
    return std::unique_ptr<stage>(new sink_stage<T, Sink>(sink_, self.slowed));
  }

private:
  static sink_context context_of(const plan_stage& self, std::size_t subtasks) {
    return {.stage = self.name, .subtasks = subtasks, .checkpoints = self.checkpoints};
  }

  Sink sink_;
};

/// How such a sink publishes in a job with checkpoints.
template <class Sink>
constexpr sink_publication publication_of() {
  if constexpr (requires {
                  { Sink::commits_with_keys } -> std::convertible_to<bool>;
                })
    if (Sink::commits_with_keys)
      return sink_publication::by_epoch_with_keys;
  return preparing_sink<Sink> ? sink_publication::by_epoch : sink_publication::as_it_goes;
}

} // namespace leat::detail
