// The other side of a context: what a stage that offers one sets.
#pragma once

#include <leat/context.hpp>
#include <leat/detail/stage/stage.hpp>

namespace leat::detail {

/// Context is leat::context or leat::event_context.
template <class Context>
class stage_context final : public Context {
public:
  static constexpr bool knows_event_time = std::is_base_of_v<event_context, Context>;

  void open(state_store& states, const stage_services& services) {
    this->states_ = &states;
    this->clock_ = services.time;
    if constexpr (knows_event_time) {
      this->out_of_order_ = services.out_of_order;
      this->stage_number_ = services.stage_number;
    }
  }
  void offer_timers(timer_service<event_time>* timers) {
    if constexpr (knows_event_time)
      this->timers_ = timers;
  }
  void offer_timers(timer_service<processing_time>* timers) { this->processing_timers_ = timers; }

  /// The envelope of the record that is processed next.
  void set_envelope(const envelope_view& e) {
    if constexpr (knows_event_time)
      this->envelope_ = e;
  }
  /// What a processing timer that fires next was set for.
  void set_due(processing_time at) { this->due_ = at; }
};

} // namespace leat::detail
