#include <leat/internal/observe/held_back.hpp>

#include <leat/quantities.hpp>
#include <leat/scalar_text.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

std::vector<held_back_stage> held_back(const job_metrics& r) {
  using namespace std::chrono_literals;
  std::vector<held_back_stage> all;
  for (const stage_metrics& s : r.stages)
    for (const input_metrics& i : s.inputs)
      if (const auto& by = i.held_back_by;
          by && by->silent && by->since >= 1s && by->time < i.furthest &&
          std::ranges::find(all, &s, &held_back_stage::stage) == all.end())
        all.push_back({&s, &*by});
  return all;
}

std::string text_of(const held_back_stage& h) {
  std::string time = "the beginning";
  if (h.split->time > begin_of_time) {
    time.clear();
    append_scalar(time, h.split->time);
  }
  return fmt::format("{} is held back by split {} of {}, at {} for {}", h.stage->name,
                     h.split->split, h.split->source, time, duration_text(h.split->since));
}

} // namespace leat
