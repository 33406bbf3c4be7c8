#include <leat/connectors/files/spool.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <rapidcheck.h>

namespace {

using leat::spool;
using support::temporary_folder;
namespace fs = std::filesystem;

leat::sink_context place_of(const std::string& folder, std::size_t subtask = 0,
                            std::size_t subtasks = 1, leat::epoch after = 1000) {
  return {.stage = "a/b",
          .subtask = subtask,
          .subtasks = subtasks,
          .checkpoints = true,
          .after = after,
          .folder = folder};
}

spool opened(const leat::sink_context& place) {
  auto s = spool::open(place);
  REQUIRE(s);
  return std::move(*s);
}

leat::spooled sealed(spool& s, leat::epoch n) {
  auto what = s.seal(n);
  REQUIRE(what);
  REQUIRE(*what);
  return std::move(**what);
}

std::vector<std::string> pieces_of(const spool& s, const leat::spooled& what) {
  std::vector<std::string> pieces;
  REQUIRE(s.read(what, [&](std::string_view piece) { pieces.emplace_back(piece); }));
  return pieces;
}

const std::string large(spool::most_in_memory, 'x');

} // namespace

TEST_CASE("any pieces are read back, by another spool too, whether they are in a file or not") {
  CHECK(rc::check([] {
    const temporary_folder folder;
    const bool has_folder = *rc::gen::arbitrary<bool>();
    spool s = opened(place_of(has_folder ? folder.path() : ""));
    for (leat::epoch n = 1; n < 4; ++n) {
      const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::oneOf(
          rc::gen::inRange<std::size_t>(0, 300), rc::gen::inRange<std::size_t>(0, 100'000)));
      std::vector<std::string> pieces;
      std::size_t bytes = 0;
      for (const std::size_t size : sizes) {
        bytes += size;
        pieces.emplace_back(size, static_cast<char>('a' + size % 26));
        RC_ASSERT(static_cast<bool>(s.add(pieces.back())));
      }
      if (pieces.empty()) {
        RC_ASSERT(!*s.seal(n));
        continue;
      }
      const leat::spooled what = sealed(s, n);
      RC_ASSERT(!has_folder || what.pieces.size() <= spool::most_in_memory);
      if (!has_folder || bytes < spool::most_in_memory / 2)
        RC_ASSERT(what.file.count == 0);
      const spool other = opened(place_of(has_folder ? folder.path() : ""));
      RC_ASSERT(!other.is_done(what));
      RC_ASSERT(pieces_of(other, what) == pieces);
    }
  }));
}

TEST_CASE("a file is removed with its epoch, or when it is discarded, and is then not there") {
  const temporary_folder folder;
  std::vector<leat::spooled> all;
  for (std::size_t subtask = 0; subtask < 3; ++subtask) {
    spool s = opened(place_of(folder.path(), subtask, 3));
    REQUIRE(s.add(large));
    all.push_back(sealed(s, 1));
    REQUIRE(s.add("a"));
    REQUIRE(s.add(large)); // not sealed: goes with the spool
  }
  CHECK(fs::exists(folder / "a%2Fb/.part-2-1"));
  spool s = opened(place_of(folder.path(), 0, 2));
  CHECK(s.remove(all[1]));
  CHECK(s.remove(all[1]));
  CHECK(!s.read(all[1], [](std::string_view) {}));
  CHECK(s.discard()); // of the subtasks 0 and 2
  CHECK(!s.read(all[0], [](std::string_view) {}));
  CHECK(fs::is_empty(folder / "a%2Fb"));
}

namespace {

leat::spooled in_a_file(spool& s, leat::epoch n) {
  REQUIRE(s.add(large));
  REQUIRE(s.add("a"));
  return sealed(s, n);
}

} // namespace

TEST_CASE("what was published is told from what was lost, after any number of restarts") {
  const temporary_folder folder;
  const std::string path = folder / "a%2Fb/.part-0-7";
  spool s = opened(place_of(folder.path()));
  const leat::spooled what = in_a_file(s, 7);
  CHECK(!s.is_done(what));
  REQUIRE(s.done(what));
  REQUIRE(s.done(what));
  CHECK(s.is_done(what));
  CHECK(!fs::exists(path));
  for (int starts = 0; starts < 3; ++starts) {
    spool next = opened(place_of(folder.path()));
    CHECK(next.is_done(what));
    REQUIRE(next.discard());
    CHECK(next.is_done(what));
  }
  fs::remove(path + ".done");
  CHECK(!s.is_done(what));
  const auto lost = s.read(what, [](std::string_view) {});
  REQUIRE(!lost);
  CHECK(lost.error().what == "\"" + path + "\" is gone, and what it held was not yet published");
  CHECK(lost.error().hint == "put it back from a copy of the folder; an empty file \"" + path +
                                 ".done\" lets the job go on without it");

  const leat::spooled few{.pieces = "\x01"
                                    "a"};
  REQUIRE(s.done(few));
  CHECK(!s.is_done(few)); // it is published again
}

TEST_CASE(
    "the last hundred epochs that were published are known, and none of another continuation") {
  const temporary_folder folder;
  spool s = opened(place_of(folder.path()));
  std::vector<leat::spooled> all;
  for (leat::epoch n = 1; n <= 120; ++n) {
    all.push_back(in_a_file(s, n));
    REQUIRE(s.done(all.back()));
  }
  const auto known = [&](leat::epoch after) {
    spool next = opened(place_of(folder.path(), 0, 1, after));
    REQUIRE(next.discard());
    return std::ranges::count_if(all, [&](const auto& what) { return next.is_done(what); });
  };
  CHECK(known(1000) == 100);
  CHECK(s.is_done(all[20]));
  CHECK(!s.is_done(all[19]));
  CHECK(known(110) == 90); // it goes on from epoch 110
  CHECK(known(1000) == 90);
}

TEST_CASE("bytes that are no pieces, and a file that is cut, are errors") {
  const temporary_folder folder;
  spool s = opened(place_of(folder.path()));
  CHECK(!s.read({.pieces = "\x05"
                           "abc"},
                [](std::string_view) {}));
  REQUIRE(s.add(large));
  const leat::spooled what = sealed(s, 1);
  fs::resize_file(folder / "a%2Fb/.part-0-1", large.size() / 2);
  CHECK(!s.read(what, [](std::string_view) {}));
  CHECK(!opened(place_of("")).read(what, [](std::string_view) {}));
}

TEST_CASE("a file that is damaged anywhere hands on no piece") {
  const temporary_folder folder;
  spool s = opened(place_of(folder.path()));
  const std::string piece(700, 'x');
  for (std::size_t bytes = 0; bytes <= spool::most_in_memory; bytes += piece.size())
    REQUIRE(s.add(piece));
  const leat::spooled what = sealed(s, 1);
  const std::string path = folder / "a%2Fb/.part-0-1", content = support::content_of(path);
  const auto refused = [&](const std::string& damaged) {
    (void)folder.write("a%2Fb/.part-0-1", damaged);
    const auto read = s.read(what, [](std::string_view) { FAIL("a piece of a damaged file"); });
    REQUIRE(!read);
    CHECK(read.error().what.find(path) != std::string::npos);
  };
  const std::size_t record = piece.size() + 2; // with its length
  REQUIRE(content.size() % record == 0);
  for (std::size_t at = 0; at < content.size(); at += at < record ? 1 : 997) {
    std::string flipped = content;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
    refused(flipped);
    refused(content.substr(0, at));
  }
  refused(content.substr(record)); // whole pieces are missing
  refused(content + content.substr(0, record));
  (void)folder.write("a%2Fb/.part-0-1", content);
  CHECK(pieces_of(s, what).size() == content.size() / record);
}

TEST_CASE("names of sinks differ") { CHECK(leat::unique_name() != leat::unique_name()); }
