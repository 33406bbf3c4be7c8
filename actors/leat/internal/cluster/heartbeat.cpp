#include <leat/internal/cluster/heartbeat.hpp>

#include <leat/internal/cluster/join_protocol.hpp>

namespace leat {

namespace {

constexpr std::chrono::seconds patience{30};

} // namespace

heartbeat::heartbeat(tls_link coordinator, std::chrono::milliseconds interval)
    : link_(std::move(coordinator)), beating_([this, interval] { beat(interval); }) {}

heartbeat::~heartbeat() {
  if (beating_.joinable())
    (void)end();
}

tls_link heartbeat::end() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }
  beating_.join();
  return std::move(link_);
}

// That the coordinator is gone is seen by who uses the link next.
void heartbeat::beat(std::chrono::milliseconds interval) {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, interval, [this] { return over_; }))
    if (!link_.send(as_bytes(preparation{}), within(patience)))
      return;
}

} // namespace leat
