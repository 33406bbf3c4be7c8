#include <leat/detail/runtime/restored_records.hpp>

#include <algorithm>

namespace leat {

void restored_records::add(const frame& held,
                           const std::function<bool(const rows&, std::size_t)>& claims) {
  carried_ = carried_ & held.records->envelopes.carried();
  for (std::size_t i = 0; i < held.size(); ++i)
    if (claims(*held.records, i))
      all_.push_back({held.records, i});
}

std::deque<frame> restored_records::in_order() const {
  std::vector<place> sorted = all_;
  std::ranges::stable_sort(sorted, {}, &place::where);
  std::deque<frame> frames;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const place& p = sorted[i];
    if (i % most_in_frame == 0)
      frames.emplace_back().records = make_rows(p.in->type());
    rows& to = *frames.back().records;
    to.envelopes.append(to.size(), p.in->envelopes, p.at, p.at + 1, carried_);
    to.append(*p.in, p.at, p.at + 1, false);
  }
  return frames;
}

} // namespace leat
