// The processes of a cluster on one host: starts them, sees how they fare, and ends them.
#pragma once

#include <leat/error.hpp>
#include <leat/internal/cluster/join.hpp>

#include <condition_variable>
#include <mutex>
#include <sys/types.h>
#include <thread>

namespace leat {

/// Children of this process, watched by a thread of its own: one that is stopped (SIGSTOP) for two
/// seconds is killed, so that whoever is connected with it learns that it is lost. One that is
/// merely slow is not. Thread-safe.
class worker_processes {
public:
  worker_processes();
  /// Kills who is left.
  ~worker_processes();
  worker_processes(const worker_processes&) = delete;
  worker_processes& operator=(const worker_processes&) = delete;

  /// Starts this program again with the same arguments, in a process group of its own: Ctrl-C is
  /// for this one alone. The child inherits the order's links.
  result<void> start(const worker_invitation& order);

  /// Of one that has ended unasked: which, and how. Nodes count from 1.
  std::optional<error> first_ended();

  void kill(std::size_t node);

  /// Waits until all have ended, and kills who has not after a second.
  void wait_for_end();

private:
  struct worker {
    pid_t process = -1;   ///< not above 0: it has ended
    unsigned stopped = 0; ///< looks since it was seen to be stopped
    std::string end;      ///< how it has ended
    bool killed = false;  ///< by a signal, so that another one may fare better
  };

  void watch();
  void look(worker& w);
  bool anybody_left();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<worker> workers_; ///< node n is workers_[n - 1]
  bool over_ = false;
  std::thread watching_;
};

} // namespace leat
