#include <leat/internal/cli/supervisor.hpp>

#include <leat/internal/checkpoint/checkpoint_log.hpp>
#include <leat/internal/checkpoint/posix_files.hpp>
#include <leat/internal/cli/signals.hpp>
#include <leat/internal/cluster/lifeline.hpp>
#include <leat/internal/cluster/own_program.hpp>
#include <leat/internal/job/job_runner.hpp>
#include <leat/internal/net/owned_socket.hpp>
#include <leat/quantities.hpp>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>

namespace leat {

namespace {

constexpr const char* variable = "LEAT_SUPERVISED";
constexpr std::chrono::milliseconds between_looks{25};

// The life of one child.
class supervised_process {
public:
  static result<supervised_process> start() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      return external_error(fmt::format("cannot supervise: {}", std::strerror(errno)));
    owned_socket own(ends[0]), of_child(ends[1]);
    const pid_t process = start_own_program(fmt::format("{}={}", variable, ends[1]), {&ends[1], 1});
    if (process <= 0)
      return external_error(
          fmt::format("the program cannot be started again: {}", std::strerror(-process)));
    return supervised_process(process, std::move(own));
  }

  pid_t id() const { return process_; }

  /// What waitpid says of its end. Meanwhile signals are passed on; `passed`: how many were.
  int wait(const stop_signals& signals, int& passed) const {
    int status = 0;
    for (pid_t ended = 0; ended != process_;) {
      for (; passed < signals.count(); ++passed)
        ::kill(process_, signals.last());
      ended = ::waitpid(process_, &status, WNOHANG);
      if (ended == 0)
        std::this_thread::sleep_for(between_looks);
      else if (ended < 0 && errno != EINTR)
        return exit_failed << 8; // another part of the program has reaped it
    }
    return status;
  }

private:
  supervised_process(pid_t process, owned_socket lifeline)
      : process_(process), lifeline_(std::move(lifeline)) {}

  pid_t process_;
  owned_socket lifeline_;
};

// Whether the newest entry of the folder is a checkpoint: the last attempt has completed one.
bool has_saved(const std::string& folder) {
  posix_files files;
  const checkpoint_log log(files, folder, "supervisor");
  const auto slots = log.slots();
  return slots && !slots->empty() && log.read(slots->back()).kind != entry_kind::term;
}

void wait_before_next(std::chrono::nanoseconds delay, const stop_signals& signals) {
  const auto until = std::chrono::steady_clock::now() + delay;
  while (signals.count() == 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(between_looks, delay));
}

} // namespace

bool is_supervised() {
  static const bool supervised = [] {
    const char* const value = std::getenv(variable);
    if (!value)
      return false;
    int lifeline = -1;
    std::from_chars(value, value + std::strlen(value), lifeline);
    ::unsetenv(variable);
    ::fcntl(lifeline, F_SETFD, FD_CLOEXEC);
    hold_lifeline(lifeline);
    return true;
  }();
  return supervised;
}

exit_code supervise(const run_settings& settings, const console& to) {
  const auto options = settings.options();
  if (!options)
    return to.refuse(placed(options.error(), settings.places));
  const restart_policy restarts = policy_of(options->restarts);
  const stop_signals signals;
  for (int passed = 0;;) {
    const auto child = supervised_process::start();
    if (!child)
      return to.refuse(child.error());
    const int status = child->wait(signals, passed);
    if (!WIFSIGNALED(status))
      return static_cast<exit_code>(WEXITSTATUS(status));
    const std::string end = fmt::format("process {} {}", child->id(), end_text(status));
    const auto again =
        signals.count() > 0
            ? std::nullopt
            : restarts(0, {external_error(end), true, 0, has_saved(options->checkpoints.folder)});
    if (!again) {
      to.tell(external_error(end, "start it again: it continues from its newest checkpoint"));
      return exit_failed;
    }
    to.note(fmt::format("{}; it is started again in {}", end, duration_text(*again)));
    wait_before_next(*again, signals);
    if (signals.count() > 0)
      return exit_failed;
  }
}

} // namespace leat
