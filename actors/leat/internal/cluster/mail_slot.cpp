#include <leat/internal/cluster/mail_slot.hpp>

#include <caf/actor_companion.hpp>

namespace leat {

namespace {

caf::actor_companion& companion(const caf::actor& a) {
  return *static_cast<caf::actor_companion*>(caf::actor_cast<caf::abstract_actor*>(a));
}

} // namespace

mail_slot::mail_slot(caf::actor_system& system, std::function<void(caf::mailbox_element_ptr)> take)
    : address_(system.spawn<caf::actor_companion>()) {
  companion(address_).on_enqueue(std::move(take));
}

mail_slot::~mail_slot() {
  if (!address_)
    return;
  companion(address_).on_enqueue({}); // waits for a message that is being taken
  companion(address_).cleanup(caf::exit_reason::normal, nullptr);
}

} // namespace leat
