// Signs of life of a worker whose thread is busy: with files, other workers, or its share of a job.
#pragma once

#include <leat/internal/net/link.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace leat {

/// Tells the coordinator at fixed intervals that this worker still prepares. It has the link
/// meanwhile, and a thread of its own.
class heartbeat {
public:
  explicit heartbeat(tls_link coordinator,
                     std::chrono::milliseconds interval = std::chrono::milliseconds{500});
  ~heartbeat();
  heartbeat(const heartbeat&) = delete;
  heartbeat& operator=(const heartbeat&) = delete;

  /// Stops; the link, for what there is to say next.
  tls_link end();

private:
  void beat(std::chrono::milliseconds interval);

  tls_link link_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread beating_;
};

} // namespace leat
