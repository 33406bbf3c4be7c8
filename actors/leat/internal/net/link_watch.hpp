// Connections to hosts that cannot be reached any more.
#pragma once

#include <leat/internal/net/tcp.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace leat {

/// Shuts a connection down once nothing has come over it for lost_after(), not even an
/// acknowledgement. A host that is asked and reached answers, however little the connection
/// carries: connect_to() and accept_from() have it asked each second while nothing is sent.
///
/// TCP_USER_TIMEOUT is no way to the same end. Linux counts it from the first packet that was lost,
/// and not from the last that came: where links are full it gives up hosts that answer.
class link_watch {
public:
  using silence = std::function<std::chrono::milliseconds(int socket)>;
  explicit link_watch(silence of = silent_for);

  /// For all connections of this process.
  static link_watch& of_process();

  /// From any thread. A socket is removed before it is closed.
  void add(int socket);
  void remove(int socket);

private:
  void look(const std::stop_token& stop);

  silence silence_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<int> sockets_;
  std::jthread thread_; // last: it uses the others
};

} // namespace leat
