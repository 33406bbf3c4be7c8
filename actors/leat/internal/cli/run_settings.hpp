// The options of the command `run`, and what they mean.
#pragma once

#include <leat/internal/cli/checkpoint_settings.hpp>
#include <leat/internal/cli/plan_settings.hpp>
#include <leat/internal/cli/state_settings.hpp>
#include <leat/internal/observe/job_bus.hpp>
#include <leat/job.hpp>

namespace leat {

/// As they are given on the command line.
struct run_settings : plan_settings {
  std::uint64_t workers = 0;
  double rate = 0;
  std::vector<std::string> slow_sinks;
  std::uint64_t frame_records = frame_limits{}.records;
  std::string node_buffer = "64MiB";
  std::string batch_memory = "256MiB";
  std::string batch_folder;
  bool compress = false;
  std::string dead_letters;
  std::string dead_letter_cap = "64MiB";
  std::string max_dead_letters;
  std::string progress = "auto";
  std::string log_level = "warning";
  std::string metrics_out;
  std::string metrics_every;
  bool quiet = false;
  checkpoint_settings checkpoints;
  state_settings states;
  std::string restart = "fail";
  std::uint64_t poison_after = restart_options{}.poison_after;
  bool supervise = false;

  void declare(option_set& options);

  /// What a job is started with; only the dead letters are still to be set. Errors name the option.
  result<run_options> options() const;

  /// The files that are written beside those of the sinks.
  std::vector<named_file> outputs(const std::string& dead_letter_file) const;
  std::string dead_letter_folder(const std::string& graph) const;
  /// An error if that folder exists, but is a file.
  result<void> check_dead_letter_folder(const std::string& graph) const;
  result<std::uint64_t> dead_letter_bytes() const;
  /// Whether to show progress on a stream that is, or is not, a live terminal.
  result<bool> shows_progress(bool live) const;
  result<event_level> logged() const;
  /// Between two writings of the metrics while the job runs; nothing: only at its end.
  result<std::optional<std::chrono::milliseconds>> metrics_interval() const;
};

} // namespace leat
