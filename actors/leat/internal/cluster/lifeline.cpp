#include <leat/internal/cluster/lifeline.hpp>

#include <leat/error.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <thread>
#include <unistd.h>

namespace leat {

namespace {

constexpr std::chrono::seconds grace{2};
constexpr int exit_orphaned = 2; // nobody is left to read it

void wait_for_hangup(int socket) {
  pollfd hangup{socket, POLLRDHUP, 0};
  while (::poll(&hangup, 1, -1) < 0 && errno == EINTR) {
  }
}

} // namespace

// The thread lasts as long as the process. A copy of the socket, as CAF closes its own.
void hold_lifeline(int socket) {
  const int copy = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (copy < 0)
    throw failure(
        external_error(std::string("the coordinator cannot be watched: ") + std::strerror(errno)));
  std::thread([copy] {
    wait_for_hangup(copy);
    std::this_thread::sleep_for(grace);
    ::_exit(exit_orphaned);
  }).detach();
}

} // namespace leat
