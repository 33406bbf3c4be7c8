#include <leat/control/job_watch.hpp>

#include <leat/control/stalls.hpp>
#include <leat/quantities.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace leat {

namespace {

constexpr double slow = 0.5; // of the time an edge waited

} // namespace

job_watch::job_watch(job_bus& bus, std::string dead_letter_file)
    : bus_(bus), dead_letter_file_(std::move(dead_letter_file)) {}

void job_watch::look(const job_report& now) {
  look_at_dead_letters(now);
  look_at_stalls(now);
  look_at_waiting(now);
  before_ = now;
}

void job_watch::look_at_dead_letters(const job_report& now) {
  if (now.dead_letters == before_.dead_letters)
    return;
  bus_.publish(
      event_level::info, event_kind::dead_letters,
      fmt::format("dead letters: {} so far, in {}", grouped(now.dead_letters), dead_letter_file_));
}

void job_watch::look_at_stalls(const job_report& now) {
  const auto stalls = stalls_between(before_, now);
  const bool held = !stalls.empty() && stalls.front().share > slow;
  const std::string culprit = held ? stalls.front().edge->to : "";
  if (culprit == held_up_by_)
    return;
  if (held)
    bus_.publish(event_level::info, event_kind::held_up,
                 fmt::format("held up by {}: {} waited for it {} of the time", culprit,
                             stalls.front().edge->from, percent(stalls.front().share)),
                 culprit);
  else
    bus_.publish(event_level::info, event_kind::held_up,
                 fmt::format("no longer held up by {}", held_up_by_), held_up_by_);
  held_up_by_ = culprit;
}

// A stage is told to be waiting if it was at the look before too, and read nothing meanwhile. The
// first time is a warning: nothing else says why nothing happens.
void job_watch::look_at_waiting(const job_report& now) {
  for (std::size_t i = 0; i < std::min(now.stages.size(), before_.stages.size()); ++i) {
    const stage_report& s = now.stages[i];
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

} // namespace leat
