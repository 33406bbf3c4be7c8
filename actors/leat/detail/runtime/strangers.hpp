// Who may say what: control messages, frames and credit count only from those who were wired.
#pragma once

#include <caf/all.hpp>

#include <string_view>

namespace leat {

/// Whether the message at hand was sent by this actor.
inline bool is_from(caf::local_actor& self, const caf::actor& whom) {
  const auto& sender = self.current_sender();
  return sender && sender.get() == caf::actor_cast<caf::actor_control_block*>(whom);
}

/// Of one actor: messages that were ignored because of who sent them.
class strangers {
public:
  /// Counts; the first one is told on standard error.
  void ignore(std::string_view by);
  std::uint64_t count() const { return count_; }

private:
  std::uint64_t count_ = 0;
};

} // namespace leat
