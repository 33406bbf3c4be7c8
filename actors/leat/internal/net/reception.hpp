// Where a node receives others: they connect, prove who they are, and say what they want.
#pragma once

#include <leat/internal/net/link.hpp>

#include <functional>
#include <list>

namespace leat {

/// Of one thread. Strangers cost it little: those who say nothing are dropped after some seconds,
/// and of too many the oldest.
class reception {
public:
  /// Someone of this cluster, and its first message.
  struct arrival {
    tls_link link;
    std::string message;
  };

  /// The credentials outlive it. `patience`: until when who connects must have arrived.
  static result<reception> open(const node_address& at, const credentials& by,
                                std::chrono::milliseconds patience = std::chrono::seconds{5});

  /// Where others reach it: the port that was chosen, if any was wanted.
  const node_address& address() const { return address_; }

  /// Waits until somebody has arrived, and returns all that have, or until a time.
  std::vector<arrival> wait(deadline until);

  /// Why others were turned away since the last call.
  std::vector<error> take_refusals() { return std::exchange(refusals_, {}); }

private:
  struct guest {
    tls_link link;
    deadline until;
    short awaits;
    bool met = false;
    bool refused = false; // the end of the connection is all that is to come
  };

  reception(owned_socket listening, const credentials& by, std::chrono::milliseconds patience);
  void accept_guests();
  bool attend(guest& g);
  bool turn_away(guest& g, error why);
  void note(error why);

  owned_socket listening_;
  const credentials* by_;
  std::chrono::milliseconds patience_;
  node_address address_;
  std::list<guest> guests_;
  std::vector<arrival> arrived_;
  std::vector<error> refusals_;
};

} // namespace leat
