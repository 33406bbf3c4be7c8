#include <leat/detail/transport/frame_spill.hpp>

#include <leat/detail/transport/frame_codec.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/frames.hpp"
#include "support/scratch.hpp"

using leat::frame_spill;
using support::dice;
using support::scratch_disk;
using support::text_item;

namespace {

frame_spill spill_on(scratch_disk& disk) {
  return {*leat::row_codec_of<text_item>(), std::move(*support::scratch_on(disk)())};
}

// Records alone: what a stage holds.
leat::frame some_records(dice& roll) {
  for (;;)
    if (auto f = support::some_frame<text_item>(roll, support::some_text); f.size() > 0) {
      f.barrier_at = nullptr;
      f.last = false;
      f.paid = {};
      return f;
    }
}

} // namespace

TEST_CASE("a spill returns frames as they were put, in order") {
  support::for_seeds(100, [](dice roll) {
    scratch_disk disk;
    frame_spill spill = spill_on(disk);
    std::vector<leat::frame> all;
    for (std::size_t n = roll.size(0, 9); n > 0; --n) {
      all.push_back(some_records(roll));
      REQUIRE(spill.put(all.back()));
    }
    for (const leat::frame& put : all) {
      REQUIRE_FALSE(spill.empty());
      const auto came = spill.take();
      REQUIRE(came);
      CHECK(support::as_list<text_item>(*came) == support::as_list<text_item>(put));
      CHECK(came->paid == leat::credit{});
      CHECK(came->panes.ends == put.panes.ends);
      const auto& was = put.records->envelopes;
      const auto& is = came->records->envelopes;
      REQUIRE(is.carried() == was.carried());
      leat::envelope_cursor a(was, leat::all_columns), b(is, leat::all_columns);
      for (std::size_t i = 0; i < put.size(); ++i)
        CHECK(leat::envelope(a.at(i)) == leat::envelope(b.at(i)));
    }
    CHECK(spill.empty());
  });
}

TEST_CASE("a damaged spill is an error, whichever bit it is and wherever it ends") {
  dice roll(1);
  const leat::frame f = some_records(roll);
  scratch_disk disk;
  REQUIRE(spill_on(disk).put(f));
  const std::string good = disk.last;
  const auto taken_from = [&](const std::string& bytes) {
    frame_spill spill = spill_on(disk);
    REQUIRE(spill.put(f));
    disk.last = bytes;
    return spill.take();
  };
  CHECK(taken_from(good));
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    const auto got = taken_from(bad);
    REQUIRE_FALSE(got);
    CHECK(got.error().domain == leat::error_domain::external);
    CHECK(got.error().what.starts_with("\"scratch\" is damaged: "));
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    REQUIRE_FALSE(taken_from(good.substr(0, size)));
}

TEST_CASE("what the file reports, the spill reports") {
  dice roll(1);
  scratch_disk disk;
  disk.room = 10;
  const auto put = spill_on(disk).put(some_records(roll));
  REQUIRE_FALSE(put);
  CHECK(put.error().what == "cannot write \"scratch\": the disk is full");
}
