// An address of this node whose messages are taken by the thread that delivers them, that of the
// network. So they arrive while all threads that run stages wait, perhaps for such a message.
#pragma once

#include <caf/all.hpp>

#include <functional>

namespace leat {

class mail_slot {
public:
  /// A message of this type and its sender. Thread-safe and brief; it does not throw.
  template <class Message>
  using taker = std::function<void(const Message&, const caf::strong_actor_ptr& from)>;

  /// Messages of other types are dropped.
  template <class Message>
  static mail_slot of(caf::actor_system& system, taker<Message> take) {
    return mail_slot(system, [take = std::move(take)](caf::mailbox_element_ptr m) {
      auto& content = m->content();
      if (content.template match_elements<Message>())
        take(content.template get_as<Message>(0), m->sender);
    });
  }
  /// Nothing is taken any more when it returns.
  ~mail_slot();
  mail_slot(mail_slot&&) = default;
  mail_slot& operator=(mail_slot&&) = delete;

  const caf::actor& address() const { return address_; }

private:
  mail_slot(caf::actor_system& system, std::function<void(caf::mailbox_element_ptr)> take);

  caf::actor address_;
};

} // namespace leat
