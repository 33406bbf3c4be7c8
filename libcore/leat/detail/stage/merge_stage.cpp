#include <leat/detail/stage/merge_stage.hpp>

namespace leat {

void merge_stage::consume(std::size_t, frame& f, std::size_t& next, std::size_t end) {
  const std::size_t first = next;
  if (next == 0 && end == f.size() && out_.empty() && !out_.carried().stamps) {
    next = end;
    frame whole;
    whole.records = std::move(f.records);
    out_.forward(std::move(whole));
  } else {
    const bool owner = f.sole_owner();
    while (next < end) {
      out_.pass_on(*f.records, next, end, owner);
      if (out_.full() && !out_.hand_on())
        break;
    }
  }
  stage_counters::add(services_.counters->records_in, next - first);
}

} // namespace leat
