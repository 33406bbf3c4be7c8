// What happens to a running job, and its metrics: all who watch a job read this one bus.
#pragma once

#include <leat/job.hpp>

#include <mutex>
#include <string_view>

namespace leat {

enum class event_level { error, warning, info };

/// Reads "error", "warning" or "info".
result<event_level> parse_event_level(std::string_view text);

enum class event_kind {
  started,
  stopping,
  aborted,
  ended,
  failed,
  dead_letters,
  checkpoints,
  restarted,
  bottleneck,
  waiting,
  metrics
};

/// Something that happened once; the metrics of a job are in its reports.
struct job_event {
  event_level level = event_level::info;
  event_kind kind = event_kind::started;
  std::string text;                           ///< a sentence for people
  std::string stage = {};                     ///< that it is about, if it is about one
  std::chrono::system_clock::time_point at{}; ///< set by the bus
};

/// Brings events and snapshots from those who know to those who listen. Any thread may publish;
/// all else, listeners included, is called in the one thread that watches the job. So what
/// listeners do needs no locks, and whoever publishes never waits for them.
class job_bus {
public:
  /// Calls `heard` with each event, in the order of publication.
  void listen(std::function<void(const job_event&)> heard);
  /// Calls `seen` with the job's metrics, first after one interval.
  void observe(std::chrono::milliseconds interval, std::function<void(const job_metrics&)> seen);

  /// Thread-safe. What is published once nobody delivers any more is dropped.
  void publish(event_level level, event_kind kind, std::string text, std::string stage = {});

  /// Hands on what was published.
  void deliver();
  /// Likewise; then takes one snapshot for all observers whose interval is over, if there are any.
  void turn(const std::function<job_metrics()>& snapshot);

private:
  struct observer {
    std::chrono::milliseconds interval;
    std::function<void(const job_metrics&)> seen;
    std::chrono::steady_clock::time_point due;
  };

  std::vector<std::function<void(const job_event&)>> listeners_;
  std::vector<observer> observers_;
  std::mutex mutex_; ///< guards what follows
  std::vector<job_event> published_;
};

} // namespace leat
