// The stage behind merge and rebalance: hands records on as they are. What order they come in is
// the runtime's business.
#pragma once

#include <leat/detail/stage/stage.hpp>

namespace leat {

template <class T>
class merge_stage final : public producing_stage<T> {
  using base = producing_stage<T>;
  using base::out_, base::services_;

public:
  using base::base;

  void consume(std::size_t, frame& f, std::size_t& next, std::size_t end) override {
    const std::size_t first = next;
    if (next == 0 && end == f.size() && out_.empty() && !out_.carried().stamps) {
      next = end;
      frame whole;
      whole.records = std::move(f.records);
      out_.forward(std::move(whole));
    } else {
      copy(f, next, end);
    }
    stage_counters::add(services_.counters->records_in, next - first);
  }

private:
  void copy(frame& f, std::size_t& next, std::size_t end) {
    auto& from = f.as<T>();
    const bool owner = f.sole_owner();
    envelope_cursor envelopes(from.envelopes, out_.carried());
    while (next < end) {
      const std::size_t i = next++;
      out_.descend_from(envelopes.at(i), false);
      if (owner)
        out_(std::move(from.records[i]));
      else
        out_(from.records[i]);
      if (out_.full() && !out_.hand_on())
        break;
    }
  }
};

} // namespace leat
