// The command `savepoint`, and the job's side of it.
#pragma once

#include <leat/internal/checkpoint/posix_files.hpp>
#include <leat/internal/cli/console.hpp>
#include <leat/job.hpp>

#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

inline constexpr std::string_view savepoint_help = "ask a running job for a savepoint";

/// Asks the job that runs with a folder of checkpoints, and waits until the savepoint is complete.
exit_code savepoint_command(const std::vector<std::string>& arguments, const console& to);

/// Has a job make the savepoints that others ask it for. Of one thread.
class savepoint_desk {
public:
  /// `folder` is that of the checkpoints; empty: nobody can ask. Requests that were there before
  /// are refused, and `tell` gets a line for each savepoint.
  savepoint_desk(job& of, std::string folder, std::function<void(const std::string&)> tell);

  /// Stops the job with a savepoint.
  void stop(const std::string& name);
  /// Looks for requests and for what has become of them. To be called often: it does nothing until
  /// it is time.
  void look(std::chrono::steady_clock::time_point now);
  /// After the job's end. An error if the savepoint that it was to stop with was not made.
  result<void> close();

private:
  struct pending {
    std::string name;
    bool asked_here = false;
    std::future<result<std::string>> made;
  };

  void begin(const std::string& name, bool stop, bool asked_here);
  void take_requests();
  void end(pending& p);

  job& job_;
  std::string folder_;
  std::function<void(const std::string&)> tell_;
  posix_files files_;
  std::chrono::steady_clock::time_point next_look_{};
  std::vector<pending> pending_;
  result<void> at_stop_;
};

} // namespace leat
