// Records by key: what depends on the records of a key before.
#pragma once

#include <leat/detail/join/interval_join.hpp>
#include <leat/detail/join/window_join.hpp>
#include <leat/detail/window/aligned_windows.hpp>
#include <leat/detail/window/session_windows.hpp>
#include <leat/stream.hpp>

namespace leat {

template <class T, class Chain, class KeyOf, class Windows>
class windowed_stream;

namespace detail {

inline aligned_windows windows_of(const tumbling& w, const window_options& o) { return {w, o}; }
inline aligned_windows windows_of(const sliding& w, const window_options& o) { return {w, o}; }
template <class Gap>
session_windows<Gap> windows_of(const session<Gap>& w, const window_options& o) {
  return {w, o};
}
template <class Window>
concept window_of = requires(const Window& w, const window_options& o) {
  windows_of(w, o);
};

template <class Window, class T>
inline constexpr bool gap_takes = true;
template <class Gap, class T>
inline constexpr bool gap_takes<session<Gap>, T> =
    std::is_same_v<Gap, std::chrono::microseconds> ||
    std::is_invocable_r_v<std::chrono::microseconds, const Gap&, const T&>;

} // namespace detail

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

  /// Runs an operator over this stream and another one, whose keys are of the same type. It has
  /// `process_left(const T&, emitter&, context&)` for records of this stream, and `process_right`
  /// for those of the other, and else all that operators have: see operator.hpp.
  template <class B, class OtherChain, class OtherKey, class Op>
  auto connect(std::string name, keyed_stream<B, OtherChain, OtherKey> other, Op op,
               stage_options options = {}) && {
    if constexpr (!requires { typename Op::output_type; }) {
      static_assert(detail::no<Op>, "connect(name, other, operator): the operator says what it "
                                    "emits: using output_type = ...;");
      return detail::broken{};
    } else if constexpr (!two_input_operator_on<Op, T, B>) {
      static_assert(detail::no<Op>,
                    "connect(name, other, operator): the operator has process_left(const record&, "
                    "leat::emitter<output>&, leat::context&), and process_right for records of the "
                    "other stream; or leat::event_context&");
      return detail::broken{};
    } else if constexpr (!std::is_same_v<
                             key_type, typename keyed_stream<B, OtherChain, OtherKey>::key_type>) {
      static_assert(detail::no<Op>, "connect(name, other, operator): the keys of both streams are "
                                    "of one type");
      return detail::broken{};
    } else {
      using second = keyed_input<B, OtherKey>;
      plan_stage s = stage_of<Op, second>(kinds::keyed, std::move(name), options);
      if (!other.at_.same_graph(at_))
        s.faults.push_back(user_error("\"" + s.name + "\" connects streams of two graphs"));
      const std::size_t to = at_.add(
          std::move(s), std::unique_ptr<stage_maker>(new detail::keyed_maker<T, KeyOf, Op, second>(
                            key_of_, std::move(op), second{other.key_of_})));
      feed(to);
      if (other.at_.same_graph(at_))
        other.feed(to, 1);
      return stream<typename Op::output_type>(at_.output_of(to));
    }
  }

  /// Pairs of records of this stream and another one with the same key that are close to one
  /// another in event time; see join.hpp.
  template <class B, class OtherChain, class OtherKey>
  auto join(std::string name, keyed_stream<B, OtherChain, OtherKey> other, interval bounds,
            join_kind kind = join_kind::inner, stage_options options = {}) && {
    return std::move(*this).connect(std::move(name), std::move(other),
                                    detail::interval_join<key_type, T, B>(bounds, kind), options);
  }
  /// Pairs of records with the same key that are in one window; see window.hpp.
  template <class B, class OtherChain, class OtherKey, class Window>
  requires detail::window_of<Window>
  auto join(std::string name, keyed_stream<B, OtherChain, OtherKey> other, Window window,
            join_kind kind = join_kind::inner, window_options options = {}) && {
    using windows = decltype(detail::windows_of(window, options));
    return std::move(*this).connect(
        std::move(name), std::move(other),
        detail::window_join<key_type, T, B, windows>(detail::windows_of(window, options), kind),
        {.parallelism = options.parallelism});
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
  template <class Window>
  requires detail::window_of<Window>
  auto window(std::string name, Window window, window_options options = {}) && {
    if constexpr (!detail::gap_takes<Window, T>) {
      static_assert(detail::no<Window>, "window(name, session(gap)): gap is a duration, or takes a "
                                        "const record&, returns a duration and is const itself");
      return detail::broken{};
    } else {
      using windows = decltype(detail::windows_of(window, options));
      return windowed_stream<T, Chain, KeyOf, windows>(
          std::move(*this), std::move(name), detail::windows_of(window, options), options);
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

  template <class, class, class>
  friend class keyed_stream;

  template <class Op, class Second = no_input>
  plan_stage stage_of(stage_kind kind, std::string name, const stage_options& options) const {
    plan_stage s;
    s.name = std::move(name);
    s.kind = kind;
    s.takes_timers = takes_timers<Op, key_type>;
    s.reads_stamps = reads_event_time<Op, T, key_type, Second>;
    s.parallelism = options.parallelism != 0 ? options.parallelism : parallelism_;
    s.order = options.order;
    return s;
  }

  template <class Op>
  auto add(stage_kind kind, std::string detail, std::string name, Op op, stage_options options) {
    plan_stage s = stage_of<Op>(kind, std::move(name), options);
    s.detail = std::move(detail);
    const std::size_t to =
        at_.add(std::move(s), std::unique_ptr<stage_maker>(
                                  new detail::keyed_maker<T, KeyOf, Op>(key_of_, std::move(op))));
    feed(to);
    return stream<typename Op::output_type>(at_.output_of(to));
  }

  void feed(std::size_t to, std::size_t input = 0) {
    at_.feed(to, routing::hash, detail::edge_type_of<T>(),
             std::unique_ptr<branch_maker>(
                 new detail::hashed_maker<Chain, KeyOf>(std::move(chain_), std::move(key_of_))),
             input);
  }

  detail::handle at_;
  Chain chain_;
  KeyOf key_of_;
  std::size_t parallelism_;
};

} // namespace leat
