#include <leat/detail/plan/stage_makers.hpp>

namespace leat::detail {

side_ports make_sides(const plan_stage& self) {
  side_ports sides;
  for (const auto& [name, side] : self.sides)
    sides.emplace(name, side.make(side.output->make(self)));
  return sides;
}

} // namespace leat::detail
