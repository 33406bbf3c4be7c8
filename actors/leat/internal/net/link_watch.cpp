#include <leat/internal/net/link_watch.hpp>

#include <sys/socket.h>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{100};

} // namespace

link_watch::link_watch(silence of)
    : silence_(std::move(of)), thread_([this](const std::stop_token& stop) { look(stop); }) {}

link_watch& link_watch::of_process() {
  static link_watch all;
  return all;
}

void link_watch::add(int socket) {
  const std::lock_guard lock(mutex_);
  sockets_.push_back(socket);
  changed_.notify_one();
}

void link_watch::remove(int socket) {
  const std::lock_guard lock(mutex_);
  std::erase(sockets_, socket);
}

void link_watch::look(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    changed_.wait(lock, stop, [this] { return !sockets_.empty(); });
    for (const int s : sockets_)
      if (silence_(s) >= lost_after())
        ::shutdown(s, SHUT_RDWR);
    changed_.wait_for(lock, stop, between_looks, [] { return false; });
  }
}

} // namespace leat
