// Makes events of what a job's figures show.
#pragma once

#include <leat/control/job_bus.hpp>

#include <set>

namespace leat {

/// Looks at the figures now and then, and tells what has changed: that there are dead letters, who
/// holds the job up, and who waits for something outside of it. One thread at a time.
class job_watch {
public:
  /// Where dead letters are kept is told with them.
  job_watch(job_bus& bus, std::string dead_letter_file);

  void look(const job_report& now);

private:
  void look_at_dead_letters(const job_report& now);
  void look_at_stalls(const job_report& now);
  void look_at_waiting(const job_report& now);

  job_bus& bus_;
  std::string dead_letter_file_;
  job_report before_;
  std::string held_up_by_;        ///< empty: nobody
  std::set<std::string> waiting_; ///< stages told to be waiting
  std::set<std::string> waited_;  ///< those that ever were
};

} // namespace leat
