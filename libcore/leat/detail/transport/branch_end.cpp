#include <leat/detail/transport/branch_end.hpp>

namespace leat {

void edge_end::begin(const carried_columns& columns) {
  if (by_ == routing::rebalance)
    lane_ = (lane_ + 1) % port_.lanes();
  // Columns must not slip onto an edge without them: behind it they would mix with records that
  // have none.
  sheds_columns_ = !port_.carried().covers(columns);
  by_record_ = by_ == routing::hash && port_.lanes() > 1;
}

bool edge_end::push_block(rows& from, std::size_t& next, bool owner,
                          std::optional<std::uint32_t> child) {
  const bool to_all = by_ == routing::broadcast;
  std::size_t end = next + port_.room(lane_, from, next, from.size());
  if (to_all)
    for (std::size_t other = 1; other < port_.lanes(); ++other)
      end = next + port_.room(other, from, next, end);
  bool go_on = true;
  if (to_all)
    for (std::size_t other = 1; other < port_.lanes(); ++other)
      go_on = port_.append(other, from, next, end, false, child) && go_on;
  go_on = port_.append(lane_, from, next, end, owner, child) && go_on;
  next = end;
  return go_on;
}

void edge_end::forward(frame& f) {
  if (by_ == routing::broadcast)
    for (std::size_t other = 1; other < port_.lanes(); ++other)
      port_.forward(other, f);
  port_.forward(lane_, std::move(f));
}

bool edge_end::has_open() const {
  bool open = port_.has_open(lane_);
  if (by_ == routing::broadcast) // those with credit were flushed
    for (std::size_t other = 1; other < port_.lanes(); ++other)
      open = open || port_.has_open(other);
  return open;
}

void fork_end::settle() {
  if (to_.blocked())
    to_.resume();
  if (to_.blocked() || gathered_->size() == 0)
    return;
  gauge_.restart();
  frame f;
  f.records = std::exchange(gathered_, make_rows(type_));
  to_.accept(f);
}

void fork_end::passed(const stamp& s) {
  if (!blocked())
    to_.passed(s);
}

} // namespace leat
