#include <leat/detail/runtime/table_alignment.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

using leat::from_micros;
using support::at;
using support::mark_at;

namespace {

struct aligned {
  std::shared_ptr<leat::progress_table> own;
  std::vector<std::unique_ptr<leat::table_alignment>> all;
  std::vector<int> woken;
  explicit aligned(std::size_t subtasks, std::shared_ptr<leat::progress_table> others = nullptr)
      : own(std::make_shared<leat::progress_table>(subtasks, subtasks)), woken(subtasks) {
    for (std::size_t i = 0; i < subtasks; ++i) {
      all.push_back(std::make_unique<leat::table_alignment>(own, others, i));
      all.back()->attach([this, i] { ++woken[i]; });
    }
  }
};

} // namespace

TEST_CASE("subtasks know the slowest of all that are active, once all have told") {
  aligned a(3);
  CHECK(a.all[0]->slowest() == leat::begin_of_time);
  a.all[0]->tell(mark_at(at(50)));
  a.all[1]->tell(mark_at(at(20)));
  CHECK(a.all[0]->slowest() == leat::begin_of_time);
  a.all[2]->tell(mark_at(at(10), true));
  CHECK(a.all[0]->slowest() == from_micros(20));
  a.all[1]->tell(leat::end_mark);
  CHECK(a.all[2]->slowest() == from_micros(50));
  a.all[0]->tell(mark_at(at(50), true));
  CHECK(a.all[0]->slowest() == leat::end_of_time);
}

TEST_CASE("a subtask is woken when the slowest gets on or falls back, if it waits for that") {
  aligned a(2);
  a.all[0]->tell(mark_at(at(5)));
  a.all[1]->tell(mark_at(at(9)));
  CHECK(a.woken == std::vector<int>{0, 0});
  CHECK(a.all[1]->await() == from_micros(5));
  a.all[0]->tell(mark_at(at(6)));
  CHECK(a.woken == std::vector<int>{0, 1});
  a.all[0]->tell(mark_at(at(7))); // it has not asked since
  CHECK(a.woken == std::vector<int>{0, 1});
  CHECK(a.all[1]->await() == from_micros(7));
  a.all[0]->tell(mark_at(at(3)));
  CHECK(a.woken == std::vector<int>{0, 2});
  CHECK(a.all[1]->await() == from_micros(3));
  CHECK(a.all[1]->slowest() == from_micros(3)); // and no longer waits
  a.all[0]->tell(mark_at(at(8)));
  CHECK(a.woken == std::vector<int>{0, 2});
}

TEST_CASE("subtasks on other nodes count as a relay tells of them") {
  const auto others = std::make_shared<leat::progress_table>(2, 2);
  others->leave_out(0);
  others->fill_by_relay();
  aligned a(2, others);
  a.own->leave_out(1);
  a.all[0]->tell(mark_at(at(50)));
  CHECK(a.all[0]->await() == leat::begin_of_time);
  others->publish(1, mark_at(at(20)), 0, {});
  CHECK(a.woken[0] == 1);
  CHECK(a.all[0]->slowest() == from_micros(20));
  others->publish(1, leat::end_mark, 0, {});
  CHECK(a.all[0]->slowest() == from_micros(50));
}
