// The stage behind merge and rebalance: hands records on as they are. What order they come in is
// the runtime's business.
#pragma once

#include <leat/detail/stage/stage.hpp>

namespace leat {

class merge_stage final : public emitting_stage {
public:
  merge_stage(const record_type& type, fanout to)
      : emitting_stage(out_), out_(type, std::move(to)) {
    out_.list_ports(ports_);
  }

  void consume(std::size_t input, frame& f, std::size_t& next, std::size_t end) override;

private:
  stage_output out_;
};

} // namespace leat
