// Records by key: what depends on the records of a key before.
#pragma once

#include <leat/detail/window/aligned_windows.hpp>
#include <leat/detail/window/session_windows.hpp>
#include <leat/stream.hpp>

namespace leat {

template <class T, class Chain, class KeyOf, class Windows>
class windowed_stream;

/// Records of type T partitioned by key: what happens to one key happens in one place, in order.
template <class T, class Chain, class KeyOf>
class [[nodiscard]] keyed_stream : public detail::refused_verbs<detail::keyed_refusal> {
public:
  /// Called by stream::key_by.
  keyed_stream(detail::handle at, Chain chain, KeyOf key_of, std::size_t parallelism)
      : at_(std::move(at)), chain_(std::move(chain)), key_of_(std::move(key_of)),
        parallelism_(parallelism) {}

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
      return add(kinds::keyed, {}, std::move(name), std::move(op), options);
    }
  }

  /// As stream::via, with the records of one key in one actor.
  template <class Own>
  auto via(std::string name, Own own, stage_options options = {}) && {
    if constexpr (!detail::actor_on<Own, T>) {
      return stream<T>(at_).via(std::move(name), std::move(own)); // says what is wrong
    } else {
      if (options.parallelism == 0)
        options.parallelism = parallelism_;
      const std::size_t to = detail::add_actor(at_, std::move(name), std::move(own), options);
      feed(to);
      return stream<typename Own::output_type>(at_.output_of(to));
    }
  }

  /// Windows of event time; see window.hpp.
  auto window(std::string name, tumbling w, window_options options = {}) && {
    return windowed(std::move(name), detail::aligned_windows(w, options), options);
  }
  auto window(std::string name, sliding w, window_options options = {}) && {
    return windowed(std::move(name), detail::aligned_windows(w, options), options);
  }
  template <class Gap>
  auto window(std::string name, session<Gap> w, window_options options = {}) && {
    if constexpr (!std::is_same_v<Gap, std::chrono::microseconds> &&
                  !std::is_invocable_r_v<std::chrono::microseconds, const Gap&, const T&>) {
      static_assert(detail::no<Gap>, "window(name, session(gap)): gap is a duration, or takes a "
                                     "const record&, returns a duration and is const itself");
      return detail::broken{};
    } else {
      return windowed(std::move(name), detail::session_windows<Gap>(std::move(w), options),
                      options);
    }
  }

  /// As stream::window, with the records of one key in one subtask.
  auto window(std::string name, any_batching batching) && {
    const std::size_t to =
        at_.add_batching(std::move(name), detail::edge_type_of<T>(), batching, parallelism_);
    feed(to);
    return batched_stream<T>(at_, to);
  }

private:
  template <class, class, class, class>
  friend class windowed_stream;
  using key_type = std::remove_cvref_t<std::invoke_result_t<const KeyOf&, const T&>>;

  template <class Op>
  auto add(stage_kind kind, std::string detail, std::string name, Op op, stage_options options) {
    plan_stage s;
    s.name = std::move(name);
    s.kind = kind;
    s.detail = std::move(detail);
    s.takes_timers = takes_timers<Op, key_type>;
    s.reads_stamps = reads_event_time<Op, T, key_type>;
    s.parallelism = options.parallelism != 0 ? options.parallelism : parallelism_;
    s.order = options.order;
    const std::size_t to =
        at_.add(std::move(s), std::unique_ptr<stage_maker>(
                                  new detail::keyed_maker<T, KeyOf, Op>(key_of_, std::move(op))));
    feed(to);
    return stream<typename Op::output_type>(at_.output_of(to));
  }

  template <class Windows>
  auto windowed(std::string name, Windows windows, const window_options& options) {
    return windowed_stream<T, Chain, KeyOf, Windows>(std::move(*this), std::move(name),
                                                     std::move(windows), options);
  }

  void feed(std::size_t to) {
    at_.feed(to, routing::hash, detail::edge_type_of<T>(),
             std::unique_ptr<branch_maker>(
                 new detail::hashed_maker<Chain, KeyOf>(std::move(chain_), std::move(key_of_))));
  }

  detail::handle at_;
  Chain chain_;
  KeyOf key_of_;
  std::size_t parallelism_;
};

} // namespace leat
