#include <leat/internal/observe/job_watch.hpp>

#include <leat/internal/observe/stalls.hpp>
#include <leat/internal/observe/waiting.hpp>
#include <leat/quantities.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace leat {

namespace {

constexpr double slow = 0.5; // of the time an edge waited
constexpr std::chrono::seconds long_pause{5};
constexpr std::chrono::minutes between_failures{1}; // a disk that is full stays so for a while

} // namespace

job_watch::job_watch(job_bus& bus, std::string dead_letter_file)
    : bus_(bus), dead_letter_file_(std::move(dead_letter_file)) {}

void job_watch::look(const job_metrics& now) {
  look_at_dead_letters(now);
  look_at_checkpoints(now);
  look_at_restarts(now);
  look_at_stalls(now);
  look_at_waiting(now);
  look_at_pauses(now);
  look_at_stop(now);
  before_ = now;
}

void job_watch::look_at_dead_letters(const job_metrics& now) {
  if (now.dead_letters == before_.dead_letters)
    return;
  bus_.publish(
      event_level::info, event_kind::dead_letters,
      fmt::format("dead letters: {} so far, in {}", grouped(now.dead_letters), dead_letter_file_));
}

// The first failure at once, and likewise the first one that keeps the job from stopping.
void job_watch::look_at_checkpoints(const job_metrics& now) {
  const std::uint64_t before = before_.checkpoints ? before_.checkpoints->failed : 0;
  if (!now.checkpoints || now.checkpoints->failed == before)
    return;
  const checkpoint_metrics& c = *now.checkpoints;
  failed_checkpoints_ += c.failed < before ? c.failed : c.failed - before; // an attempt counts anew
  const bool keeps_from_stopping = !stop_again_.empty() && !stop_waits_for_checkpoint_;
  if (told_of_checkpoints_ && !keeps_from_stopping &&
      now.elapsed - *told_of_checkpoints_ < between_failures)
    return;
  const std::string failed =
      fmt::format("{} failed, the last one: {}", grouped(failed_checkpoints_), c.last_error);
  bus_.publish(event_level::warning, event_kind::checkpoints,
               stop_again_.empty()
                   ? "checkpoints: " + failed
                   : fmt::format("stopping: waiting for a checkpoint: {} (mend the cause, such as "
                                 "by making room; {} to stop at once: the next start continues "
                                 "from the last complete one)",
                                 failed, stop_again_));
  stop_waits_for_checkpoint_ = !stop_again_.empty();
  told_of_checkpoints_ = now.elapsed;
  failed_checkpoints_ = 0;
}

void job_watch::look_at_restarts(const job_metrics& now) {
  if (now.restarts > before_.restarts)
    bus_.publish(event_level::warning, event_kind::restarted,
                 fmt::format("restart {} after: {}", now.restarts, now.last_fault));
}

void job_watch::look_at_stalls(const job_metrics& now) {
  const auto stalls = stalls_between(before_, now);
  const bool held = !stalls.empty() && stalls.front().share > slow;
  const auto busiest = stalls.empty() ? busiest_between(before_, now) : std::nullopt;
  const std::string culprit = held ? stalls.front().edge->to : busiest ? busiest->stage->name : "";
  if (culprit == bottleneck_)
    return;
  if (held)
    bus_.publish(event_level::info, event_kind::bottleneck,
                 fmt::format("bottleneck {}: {} waited for it {} of the time", culprit,
                             stalls.front().edge->from, percent(stalls.front().share)),
                 culprit);
  else if (busiest)
    bus_.publish(
        event_level::info, event_kind::bottleneck,
        fmt::format("bottleneck {}: busy {} of the time", culprit, percent(busiest->share)),
        culprit);
  else
    bus_.publish(event_level::info, event_kind::bottleneck,
                 fmt::format("{} is no longer the bottleneck", bottleneck_), bottleneck_);
  bottleneck_ = culprit;
}

// A stage is told to be waiting if it was at the look before too, and read nothing meanwhile. The
// first time is a warning: nothing else says why nothing happens.
void job_watch::look_at_waiting(const job_metrics& now) {
  for (std::size_t i = 0; i < std::min(now.stages.size(), before_.stages.size()); ++i) {
    const stage_metrics& s = now.stages[i];
    const bool waits = !s.waiting_for.empty() && !before_.stages[i].waiting_for.empty() &&
                       s.records_in == before_.stages[i].records_in;
    if (waits == waiting_.contains(s.name))
      continue;
    if (!waits) {
      waiting_.erase(s.name);
      bus_.publish(event_level::info, event_kind::waiting, s.name + " is no longer waiting",
                   s.name);
      continue;
    }
    waiting_.insert(s.name);
    const bool first = waited_.insert(s.name).second;
    bus_.publish(first ? event_level::warning : event_level::info, event_kind::waiting,
                 s.name + " is waiting: " + s.waiting_for, s.name);
  }
}

// A pause may be an answer that does not come.
void job_watch::look_at_pauses(const job_metrics& now) {
  const stage_metrics* const paused = longest_paused(now);
  if (paused && paused->paused < long_pause)
    return;
  if (paused && paused->name != paused_)
    bus_.publish(
        event_level::warning, event_kind::bottleneck,
        fmt::format("{} has been paused for {}", paused->name, duration_text(paused->paused)),
        paused->name);
  paused_ = paused ? paused->name : "";
}

// What is the same at two looks in a row is waited for.
void job_watch::look_at_stop(const job_metrics& now) {
  const stage_metrics* const before = first_running(before_);
  const stage_metrics* const awaited = first_running(now);
  if (stop_again_.empty() || !awaited || !before || before->name != awaited->name ||
      awaited->name == stop_waits_)
    return;
  stop_waits_ = awaited->name;
  bus_.publish(event_level::warning, event_kind::stopping,
               fmt::format("stopping: waiting for {}{}", awaited->name,
                           awaited->paused.count() > 0
                               ? ", paused for " + duration_text(awaited->paused)
                               : ""),
               awaited->name);
}

} // namespace leat
