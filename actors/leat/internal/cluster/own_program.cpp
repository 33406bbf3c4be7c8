#include <leat/internal/cluster/own_program.hpp>

#include <leat/internal/cluster/join.hpp>

#include <cerrno>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace leat {

namespace {

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

} // namespace

pid_t start_own_program(const std::string& variable, std::span<const int> files) {
  auto arguments = split_arguments(own_arguments());
  std::vector<std::string> variables{variable};
  for (char** v = environ; *v; ++v)
    variables.emplace_back(*v);
  const auto argv = pointers(arguments);
  const auto envp = pointers(variables);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int file : files) // onto itself: inherited, as an exception
    posix_spawn_file_actions_adddup2(&actions, file, file);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t child = -1;
  const int fault =
      ::posix_spawn(&child, "/proc/self/exe", &actions, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return fault == 0 ? child : -fault;
}

int become_own_program() {
  auto arguments = split_arguments(own_arguments());
  ::execv("/proc/self/exe", pointers(arguments).data());
  return errno;
}

std::string end_text(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("was killed by signal {}", WTERMSIG(status));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

} // namespace leat
