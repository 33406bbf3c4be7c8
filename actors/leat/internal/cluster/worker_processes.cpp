#include <leat/internal/cluster/worker_processes.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{25};
constexpr unsigned most_stopped_looks = 80;
constexpr std::chrono::seconds farewell{1};

std::vector<std::string> split_arguments(const std::string& joined) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < joined.size(); at += all.back().size() + 1)
    all.emplace_back(joined.c_str() + at);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& t : texts)
    all.push_back(t.data());
  all.push_back(nullptr);
  return all;
}

// Not above zero: an error number with its sign turned.
pid_t start_process(const worker_invitation& order) {
  auto arguments = split_arguments(own_arguments());
  std::vector<std::string> variables{order.as_variable()};
  for (char** v = environ; *v; ++v)
    variables.emplace_back(*v);
  const auto argv = pointers(arguments);
  const auto envp = pointers(variables);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int link : order.links) // onto itself: inherited, as an exception
    posix_spawn_file_actions_adddup2(&files, link, link);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t child = -1;
  const int fault =
      ::posix_spawn(&child, "/proc/self/exe", &files, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return fault == 0 ? child : -fault;
}

std::string how(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("was killed by signal {}", WTERMSIG(status));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

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
  const pid_t process = start_process(order);
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
    if (workers_[n].process <= 0)
      return external_error(
          fmt::format("node worker-{} {} before the job began", n + 1, workers_[n].end));
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
    w.end = w.stopped > most_stopped_looks ? "was stopped, and killed for it"
                                           : (news ? how(status) : "ended");
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
