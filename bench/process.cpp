#include "process.hpp"

#include "figures.hpp"

#include <leat/error.hpp>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

process::process(std::vector<std::string> arguments)
    : arguments_(fmt::format("bench {}", fmt::join(arguments, " "))) {
  std::string name = "bench";
  std::vector<char*> argv{name.data()};
  for (std::string& a : arguments)
    argv.push_back(a.data());
  argv.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw leat::failure(leat::external_error("no pipe for " + arguments_));
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
  const int fault = ::posix_spawn(&id_, "/proc/self/exe", &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  ::close(ends[1]);
  output_ = ends[0];
  if (fault != 0) {
    ::close(output_);
    throw leat::failure(leat::external_error("cannot start " + arguments_));
  }
}

process::~process() {
  ::close(output_);
  if (id_ > 0) {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
}

bool process::read_more() {
  std::array<char, 4096> part;
  const ssize_t got = ::read(output_, part.data(), part.size());
  if (got > 0)
    printed_.append(part.data(), static_cast<std::size_t>(got));
  return got > 0;
}

std::string process::printed_between(const std::string& before, const std::string& after) {
  while (true) {
    const auto from = printed_.find(before);
    const auto end = from == printed_.npos ? from : printed_.find(after, from + before.size());
    if (end != printed_.npos)
      return printed_.substr(from + before.size(), end - from - before.size());
    if (!read_more())
      throw leat::failure(leat::external_error(arguments_ + " ended early: " + printed_));
  }
}

process::ended process::wait() {
  while (read_more()) {
  }
  int status = 0;
  rusage used{};
  ::wait4(std::exchange(id_, -1), &status, 0, &used);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw leat::failure(leat::external_error(arguments_ + " failed: " + printed_));
  return {std::move(printed_), cpu_seconds(used)};
}

} // namespace bench
