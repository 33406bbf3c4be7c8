#include <leat/control/job_watch.hpp>

#include <leat/control/stalls.hpp>
#include <leat/quantities.hpp>

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

} // namespace leat
