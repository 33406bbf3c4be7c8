#include <leat/detail/runtime/table_alignment.hpp>

namespace leat {

table_alignment::table_alignment(std::shared_ptr<progress_table> own,
                                 std::shared_ptr<progress_table> others, std::size_t place)
    : own_(std::move(own)), others_(std::move(others)), place_(place) {}

void table_alignment::attach(std::function<void()> wake) {
  read(false); // it is not to be woken yet
  own_->attach(place_, wake);
  if (others_)
    others_->attach(place_, std::move(wake));
}

void table_alignment::tell(const mark& slowest) { own_->publish(place_, slowest, 0, {}); }

event_time table_alignment::read(bool wake) {
  joint_mark all(own_->look(place_, wake));
  if (others_)
    all += joint_mark(others_->look(place_, wake));
  const mark together = all.together();
  return together.idle ? end_of_time : together.progress.time;
}

} // namespace leat
