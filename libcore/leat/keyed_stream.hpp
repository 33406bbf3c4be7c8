// Records by key: what depends on the records of a key before.
#pragma once

#include <leat/stream.hpp>

namespace leat {

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
      plan_stage s;
      s.name = std::move(name);
      s.kind = kinds::keyed;
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

  /// As stream::window, with the records of one key in one subtask.
  auto window(std::string name, any_batching batching) && {
    const std::size_t to =
        at_.add_batching(std::move(name), detail::edge_type_of<T>(), batching, parallelism_);
    feed(to);
    return batched_stream<T>(at_, to);
  }

private:
  using key_type = std::remove_cvref_t<std::invoke_result_t<const KeyOf&, const T&>>;

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
