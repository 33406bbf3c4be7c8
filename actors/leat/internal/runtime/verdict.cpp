#include <leat/internal/runtime/verdict.hpp>

#include <leat/detail/runtime/subtask_letters.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

// Records that sources read, and what they met that was no record.
std::uint64_t met(const job_metrics& r) {
  std::uint64_t sum = 0;
  for (const stage_metrics& s : r.stages)
    if (s.kind.is_source)
      sum += s.records_in + s.dead_letters;
  return sum;
}

bool got_through(const job_metrics& r) {
  for (const stage_metrics& s : r.stages)
    if (s.kind.is_sink && s.records_in > s.dead_letters)
      return true;
  return false;
}

result<void> check_dead_letters(const job_metrics& r, const dead_letter_limit& limit) {
  const std::uint64_t letters = r.dead_letters;
  const std::uint64_t all = met(r);
  if (limit.count && letters > *limit.count)
    return user_error(fmt::format("the limit of {} dead letters is exceeded", *limit.count),
                      see_dead_letters);
  if (limit.percent &&
      static_cast<double>(letters) * 100 > *limit.percent * static_cast<double>(all))
    return user_error(fmt::format("{} dead letters of {} records exceed the limit of {}%", letters,
                                  all, *limit.percent),
                      see_dead_letters);
  if (!limit.count && !limit.percent && letters > 0 && letters >= all && !got_through(r))
    return user_error(
        fmt::format("no record got through: {} records, {} dead letters", all, letters),
        see_dead_letters);
  return {};
}

} // namespace

result<void> verdict(const job_metrics& r, const run_options& options) {
  if (auto tolerable = check_dead_letters(r, options.max_dead_letters); !tolerable)
    return tolerable;
  return options.accept ? options.accept(r) : result<void>{};
}

} // namespace leat
