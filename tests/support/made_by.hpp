// Stages that a test makes itself, for a plan.
#pragma once

#include <leat/detail/plan/plan.hpp>

#include <memory>

namespace support {

/// Calls `make()` for each subtask.
template <class Make>
std::shared_ptr<leat::stage_maker> made_by(Make make) {
  class maker final : public leat::stage_maker {
  public:
    explicit maker(Make m) : make_(std::move(m)) {}
    std::unique_ptr<leat::stage> make(const leat::plan_stage&) const override { return make_(); }

  private:
    Make make_;
  };
  return std::make_shared<maker>(std::move(make));
}

} // namespace support
