#include <leat/detail/transport/frame_limits.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

using support::item;
using support::text_item;

namespace {

std::vector<text_item> texts(std::size_t count, std::size_t size) {
  return std::vector<text_item>(count, text_item{0, std::string(size, 'x')});
}

struct wide {
  std::array<char, 10'000> bytes;
};

} // namespace

TEST_CASE("a frame is full by its records or by its bytes, whichever comes first") {
  leat::frame_gauge<item> items({100, 1000});
  CHECK(items.capacity() == 1000 / sizeof(item));
  std::vector<item> list(items.capacity() - 1);
  CHECK(items.room(list) == 1);
  list.emplace_back();
  CHECK(items.full(list));
  CHECK(items.room(list) == 0);

  leat::frame_gauge<text_item> gauge({100, 10'000});
  auto few = texts(1, 9000);
  CHECK_FALSE(gauge.full(few));
  few.push_back({0, std::string(2000, 'x')});
  CHECK(gauge.full(few));
  CHECK(gauge.room(few) == 0);

  CHECK(leat::frame_limits{1024, 32 * 1024}.capacity<wide>() == 3);
  CHECK(leat::frame_limits{1024, 1024}.capacity<wide>() == 1); // one always fits
}

TEST_CASE("of records with heap, room is asked for as those before it fill a frame") {
  leat::frame_gauge<text_item> gauge({1000, 100'000});
  std::vector<text_item> list;
  CHECK(gauge.room(list) == 1); // nothing is known of them
  list = texts(1, 100);
  CHECK(gauge.room(list) == 2); // twice what was seen, at most
  list = texts(300, 950);
  CHECK(gauge.full(list));
  gauge.restart_after(list);
  CHECK(gauge.room(std::vector<text_item>{}) >= 90);
  CHECK(gauge.room(std::vector<text_item>{}) <= 110);
  list = texts(1, 1 << 20);
  gauge.restart_after(list);
  CHECK(gauge.room(std::vector<text_item>{}) == 1);
}
