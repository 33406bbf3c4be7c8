// Other processes of this program.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

/// One that was started with these arguments. Whoever does not wait for it kills it.
class process {
public:
  explicit process(std::vector<std::string> arguments);
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  /// What it prints between these two texts; waits until it has done so.
  std::string printed_between(const std::string& before, const std::string& after);

  struct ended {
    std::string printed;    ///< to standard output and standard error
    double cpu_seconds = 0; ///< its own, and those of the processes that it waited for
  };
  /// Waits for its end; throws what it printed if it failed.
  ended wait();

private:
  bool read_more();

  std::string arguments_;
  pid_t id_ = -1;
  int output_ = -1;
  std::string printed_;
};

} // namespace bench
