// A job's metrics for other programs.
#pragma once

#include <leat/job.hpp>

namespace leat {

/// How a job stands.
enum class job_state { running, done, stopped, failed };

/// The metrics as a JSON document; docs/reference/metrics.md has its schema. `fault` is that of a
/// job that failed.
std::string metrics_json(const job_metrics& r, job_state state, const error* fault = nullptr);

/// Keeps the latest metrics in a file, which is replaced as a whole: who reads it never sees half
/// of one. One thread at a time; writing blocks.
class metrics_file {
public:
  /// Looks whether the file can be written.
  static result<metrics_file> create(std::string path);

  result<void> write(const job_metrics& r, job_state state, const error* fault = nullptr);

private:
  explicit metrics_file(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

} // namespace leat
