#include <leat/detail/plan/makers.hpp>

#include <leat/detail/plan/plan.hpp>

namespace leat {

stage_maker::~stage_maker() = default;

result<void> stage_maker::prepare(const plan_stage&) { return {}; }

std::vector<file_use> stage_maker::files(const plan_stage&, std::size_t) const { return {}; }

branch_maker::~branch_maker() = default;

branch_way plan_output::next_way() const {
  branch_way next = way;
  next.push_back(static_cast<std::uint32_t>(branches.size()));
  return next;
}

fanout plan_output::make(const plan_stage& self) const {
  // The number of a fork within another is spent by the branch that leads to it.
  const bool whole_output = way.size() == 1;
  fanout all(whole_output ? self.number_of(way) : std::nullopt);
  for (const auto& b : branches)
    all.add(b->make(self));
  return all;
}

} // namespace leat
