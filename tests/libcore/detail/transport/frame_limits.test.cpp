#include <leat/detail/transport/frame_limits.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"

using support::item;
using support::text_item;

namespace {

template <class T>
std::shared_ptr<leat::rows> rows_of(std::size_t count, const T& record) {
  std::shared_ptr<leat::rows> all = leat::make_rows(leat::record_type_of<T>);
  for (; count > 0; --count)
    all->push_back<T>(record);
  return all;
}
std::shared_ptr<leat::rows> texts(std::size_t count, std::size_t size) {
  return rows_of(count, text_item{0, std::string(size, 'x')});
}

struct wide {
  std::array<char, 10'000> bytes;
};

} // namespace

TEST_CASE("a frame is full by its records or by its bytes, whichever comes first") {
  leat::frame_gauge items(leat::record_type_of<item>, {100, 1000});
  CHECK(items.capacity() == 1000 / sizeof(item));
  const auto list = rows_of(items.capacity() - 1, item{});
  CHECK(items.room(*list) == 1);
  list->push_back<item>(item{});
  CHECK(items.full(*list));
  CHECK(items.full<item>(*list));
  CHECK(items.room(*list) == 0);

  leat::frame_gauge gauge(leat::record_type_of<text_item>, {100, 10'000});
  const auto few = texts(1, 9000);
  CHECK_FALSE(gauge.full<text_item>(*few));
  few->push_back<text_item>({0, std::string(2000, 'x')});
  CHECK(gauge.full(*few));
  CHECK(gauge.room(*few) == 0);

  const leat::frame_limits narrow{1024, 1024};
  CHECK(leat::frame_limits{1024, 32 * 1024}.capacity(sizeof(wide)) == 3);
  CHECK(narrow.capacity(sizeof(wide)) == 1); // one always fits
}

TEST_CASE("of records with heap, room is asked for as those before it fill a frame") {
  leat::frame_gauge gauge(leat::record_type_of<text_item>, {1000, 100'000});
  const auto none = texts(0, 0);
  CHECK(gauge.room(*none) == 1);          // nothing is known of them
  CHECK(gauge.room(*texts(1, 100)) == 2); // twice what was seen, at most
  const auto many = texts(300, 950);
  CHECK(gauge.full(*many));
  gauge.restart_after(*many);
  CHECK(gauge.room(*none) >= 90);
  CHECK(gauge.room(*none) <= 110);
  gauge.restart_after(*texts(1, 1 << 20));
  CHECK(gauge.room(*none) == 1);
}

TEST_CASE("a block fills a frame as its records one by one would") {
  support::for_seeds(200, [](support::dice roll) {
    const auto block = leat::make_rows(leat::record_type_of<text_item>);
    for (std::size_t n = roll.size(1, 60); n > 0; --n)
      block->push_back<text_item>({0, std::string(roll.size(0, 3000), 'x')});
    const leat::frame_limits limits{roll.size(1, 30), roll.size(1, 40'000)};
    const auto filled = leat::make_rows(leat::record_type_of<text_item>);
    leat::frame_gauge by_block(leat::record_type_of<text_item>, limits);
    for (std::size_t next = 0; next < block->size();) {
      const std::size_t end = next + by_block.fitting(*filled, *block, next, block->size());
      leat::frame_gauge one_by_one(leat::record_type_of<text_item>, limits);
      const auto wanted = leat::make_rows(leat::record_type_of<text_item>);
      std::size_t wanted_end = next;
      do
        wanted->push_back<text_item>(block->as<text_item>()[wanted_end++]);
      while (!one_by_one.full<text_item>(*wanted) && wanted_end < block->size());
      REQUIRE(end == wanted_end);
      filled->append(*block, next, end, roll.coin());
      REQUIRE(filled->as<text_item>().back().text == wanted->as<text_item>().back().text);
      filled->clear();
      by_block.restart();
      next = end;
    }
  });
}
