#include <leat/detail/runtime/messages.hpp>

namespace leat {

caf::actor_system_config& add_messages(caf::actor_system_config& config) {
  return config.add_message_type<encoded_message>("leat::encoded")
      .add_message_type<grant_message>("leat::grant")
      .add_message_type<cancel_message>("leat::cancel")
      .add_message_type<wire_message>("leat::wire")
      .add_message_type<start_message>("leat::start")
      .add_message_type<barrier_message>("leat::barrier")
      .add_message_type<promise_message>("leat::promise")
      .add_message_type<heard_message>("leat::heard")
      .add_message_type<prepare_message>("leat::prepare")
      .add_message_type<prepare_answer_message>("leat::prepare_answer")
      .add_message_type<withdraw_message>("leat::withdraw")
      .add_message_type<ready_message>("leat::ready")
      .add_message_type<prepared_message>("leat::prepared")
      .add_message_type<saved_message>("leat::saved")
      .add_message_type<commit_message>("leat::commit")
      .add_message_type<done_message>("leat::done")
      .add_message_type<fault_message>("leat::fault")
      .add_message_type<metrics_message>("leat::metrics")
      .add_message_type<abandon_message>("leat::abandon")
      .add_message_type<relays_message>("leat::relays")
      .add_message_type<progress_message>("leat::progress")
      .add_message_type<progress_heard_message>("leat::progress_heard");
}

} // namespace leat
