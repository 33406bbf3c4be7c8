#include <leat/internal/cluster/worker_processes.hpp>

#include <leat/internal/cluster/own_program.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <sys/wait.h>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{25};
constexpr unsigned most_stopped_looks = 80;
constexpr std::chrono::seconds farewell{1};

} // namespace

worker_processes::worker_processes() : watching_([this] { watch(); }) {}

worker_processes::~worker_processes() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_all();
  }
  watching_.join();
  for (const worker& w : workers_)
    if (w.process > 0) {
      ::kill(w.process, SIGKILL);
      ::waitpid(w.process, nullptr, 0);
    }
}

result<void> worker_processes::start(const worker_invitation& order) {
  const pid_t process = start_own_program(order.as_variable(), order.links);
  if (process <= 0)
    return external_error(
        fmt::format("node worker-{} cannot be started: {}", order.node, std::strerror(-process)));
  const std::lock_guard lock(mutex_);
  workers_.emplace_back().process = process;
  return {};
}

std::optional<error> worker_processes::first_ended() {
  const std::lock_guard lock(mutex_);
  for (std::size_t n = 0; n < workers_.size(); ++n)
    if (const worker& w = workers_[n]; w.process <= 0)
      return external_error(fmt::format("node worker-{} {} before the job began", n + 1, w.end), {},
                            w.killed);
  return {};
}

void worker_processes::kill(std::size_t node) {
  const std::lock_guard lock(mutex_);
  if (node <= workers_.size() && workers_[node - 1].process > 0)
    ::kill(workers_[node - 1].process, SIGKILL);
}

void worker_processes::wait_for_end() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, farewell, [this] { return !anybody_left(); });
  for (const worker& w : workers_)
    if (w.process > 0)
      ::kill(w.process, SIGKILL);
}

// Looks are counted, not time: when this process is stopped as well (Ctrl-Z) none are made.
void worker_processes::watch() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    for (worker& w : workers_)
      look(w);
    changed_.wait_for(lock, between_looks);
  }
}

// Where another part of the program has reaped it, nobody knows how it ended.
void worker_processes::look(worker& w) {
  if (w.process <= 0)
    return;
  int status = 0;
  const pid_t changed = ::waitpid(w.process, &status, WNOHANG | WUNTRACED | WCONTINUED);
  const bool news = changed == w.process;
  if (news && WIFSTOPPED(status)) {
    w.stopped = 1;
  } else if (news && WIFCONTINUED(status)) {
    w.stopped = 0;
  } else if (news || (changed < 0 && errno == ECHILD)) {
    w.process = -1;
    w.killed = news && WIFSIGNALED(status);
    w.end = w.stopped > most_stopped_looks ? "was stopped, and killed for it"
                                           : (news ? end_text(status) : "ended");
    changed_.notify_all();
  } else if (w.stopped > 0 && w.stopped++ == most_stopped_looks) {
    ::kill(w.process, SIGKILL);
  }
}

bool worker_processes::anybody_left() {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const worker& w) { return w.process > 0; });
}

} // namespace leat
