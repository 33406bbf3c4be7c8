// The line that tells how a running job is getting on.
#pragma once

#include <leat/job.hpp>

#include <cstdio>
#include <deque>

namespace leat {

/// How a job stands, and what its rate and stalls were since an earlier report (at first:
/// job_metrics{}). At most so many columns wide.
std::string progress_text(const job_metrics& before, const job_metrics& now, std::size_t columns);

/// Whether progress is shown on a stream that says nothing else of it: on terminals that can
/// rewrite a line.
bool is_live_terminal(std::FILE* stream);

/// Shows progress on a stream: on a terminal a line that is rewritten five times a second,
/// elsewhere a new one each second. One thread at a time.
class progress_line {
public:
  explicit progress_line(std::FILE* stream);

  /// How often people want to see it: five times a second on a terminal, else once.
  std::chrono::milliseconds interval() const;

  void show(job_metrics now);
  /// Makes room for other text on the stream.
  void clear();

private:
  std::FILE* stream_;
  bool live_;
  std::deque<job_metrics> recent_; ///< of the last second, and the one before
};

} // namespace leat
