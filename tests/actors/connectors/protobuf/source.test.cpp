#include <leat/connectors/files/watched_folder.hpp>
#include <leat/connectors/memory/collect.hpp>
#include <leat/connectors/protobuf/source.hpp>
#include <leat/detail/record/codec.hpp>
#include <leat/job.hpp>

#include "support/messages.pb.h"

#include "support/catch.hpp"
#include "support/files.hpp"
#include "support/pulling.hpp"

#include <google/protobuf/util/delimited_message_util.h>
#include <rapidcheck.h>

#include <sstream>

namespace {

using leat_tests::Rated;
using support::read_all;
using support::temporary_folder;
using strings = std::vector<std::string>;
using rated_source = leat::protobuf_source<Rated>;

Rated rated(std::int64_t id, double score = 0.5) {
  Rated r;
  r.set_id(id);
  r.set_score(score);
  return r;
}

/// What the library itself writes.
std::string file_of(const std::vector<Rated>& all) {
  std::ostringstream out;
  for (const Rated& r : all)
    REQUIRE(google::protobuf::util::SerializeDelimitedToOstream(r, &out));
  return out.str();
}

std::vector<std::int64_t> ids(const std::vector<Rated>& all) {
  std::vector<std::int64_t> numbers;
  for (const Rated& r : all)
    numbers.push_back(r.id());
  return numbers;
}

std::vector<Rated> any_messages() {
  std::vector<Rated> all;
  for (const std::int64_t id : *rc::gen::arbitrary<std::vector<std::int64_t>>())
    all.push_back(rated(id, *rc::gen::element(0.0, 1.5)));
  return all;
}

leat::error failure_of(const std::string& path, leat::protobuf_options options = {}) {
  try {
    read_all(rated_source{path, options});
  } catch (const leat::failure& f) {
    return f.error();
  }
  FAIL("it should have failed");
  return {};
}

} // namespace

TEST_CASE("protobuf files give the messages that the library wrote, an empty message too") {
  const temporary_folder folder;
  CHECK(rc::check([&] {
    auto all = any_messages();
    all.emplace_back();
    const rated_source from{folder.write("a.pb", file_of(all))};
    RC_ASSERT(static_cast<bool>(from.check()));
    for (const std::size_t demand : {1U, 3U, 100U}) {
      const auto got = read_all(from, demand);
      RC_ASSERT(got.letters == strings{});
      RC_ASSERT(ids(got.records) == ids(all));
    }
  }));
  CHECK(read_all(rated_source{folder.write("empty.pb", "")}).records.empty());
}

TEST_CASE("a protobuf file that is cut gives what is whole, and tells where it was cut") {
  const temporary_folder folder;
  const std::vector<Rated> all{rated(1), rated(2), rated(300)};
  const std::string whole = file_of(all);
  std::vector<std::size_t> starts{0, file_of({all[0]}).size(), file_of({all[0], all[1]}).size(),
                                  whole.size()};
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    INFO("cut at " << size);
    const std::string path = folder.write("a.pb", whole.substr(0, size));
    const auto got = read_all(rated_source{path});
    const auto complete = static_cast<std::size_t>(
        std::upper_bound(starts.begin(), starts.end(), size) - starts.begin() - 1);
    CHECK(got.records.size() == complete);
    if (size == starts[complete]) {
      CHECK(got.letters == strings{});
      continue;
    }
    REQUIRE(got.letters.size() == 1);
    CHECK(got.letters[0].starts_with(path + ":byte " + std::to_string(starts[complete]) +
                                     ": the file ends within it: the file looks truncated"));
  }
}

TEST_CASE("bytes that are no message are a dead letter, and the next one is read") {
  const temporary_folder folder;
  const std::string path =
      folder.write("a.pb", file_of({rated(1)}) + "\x03\xFF\xFF\xFF" + file_of({rated(2)}));
  const auto got = read_all(rated_source{path});
  CHECK(ids(got.records) == std::vector<std::int64_t>{1, 2});
  CHECK(got.letters == strings{path + ":byte 12: no leat_tests.Rated (a message of 3 bytes) "
                                      "<\xFF\xFF\xFF>"});
}

TEST_CASE(
    "a message over the cap is a dead letter, read in little memory, and the next one is read") {
  const temporary_folder folder;
  std::string big;
  leat::byte_writer length = leat::grow_buffer(big, 3);
  length.put_length(1'000'000);
  big += std::string(1'000'000, 'x');
  const std::string path = folder.write("a.pb", big + file_of({rated(2)}));
  const auto got = read_all(rated_source{path, {.max_message = 1000}});
  CHECK(ids(got.records) == std::vector<std::int64_t>{2});
  REQUIRE(got.letters.size() == 1);
  CHECK(got.letters[0] == path +
                              ":byte 0: too long: the maximum is 1000 bytes (a message of 1000000 "
                              "bytes, the first 4096 are kept) <" +
                              std::string(4096, 'x') + ">");
}

TEST_CASE("a length that is none fails the job by file and place, since nothing follows surely") {
  const temporary_folder folder;
  const std::string good = file_of({rated(1)});
  for (const std::string bad : {"\xFF\xFF\xFF\xFF\xFF\x01", "\xFF\xFF\xFF\xFF\x0F"}) {
    const auto e = failure_of(folder.write("a.pb", good + bad));
    CHECK(e.what == "\"" + (folder / "a.pb") + "\" has an invalid message length at byte 12");
    CHECK(!e.hint.empty());
  }
  // The largest length there is: promised, not there, and no memory is taken for it.
  const auto cut = read_all(
      rated_source{folder.write("a.pb", "\xFF\xFF\xFF\xFF\x07xyz"), {.max_message = 0x7FFFFFFF}});
  CHECK(cut.letters.size() == 1);
}

TEST_CASE("any bytes are messages, dead letters, or a failure that names the file") {
  const temporary_folder folder;
  CHECK(rc::check([&] {
    std::string content;
    for (const std::string& piece : *rc::gen::container<strings>(
             rc::gen::oneOf(rc::gen::container<std::string>(rc::gen::arbitrary<char>()),
                            rc::gen::element<std::string>(file_of({rated(1)}), file_of({rated(-5)}),
                                                          "\x80", "\x02", "\xFF\xFF"))))
      content += piece;
    const std::string path = folder.write("a.pb", content);
    try {
      const auto got = read_all(rated_source{path, {.max_message = 40}});
      for (const std::string& letter : got.letters)
        RC_ASSERT(letter.starts_with(path + ":byte "));
    } catch (const leat::failure& f) {
      RC_ASSERT(f.error().what.find(path) != std::string::npos);
    }
  }));
}

TEST_CASE("a protobuf file is read on at any place as it is read at once") {
  const temporary_folder folder;
  CHECK(rc::check([&] {
    std::string content = file_of(any_messages());
    if (*rc::gen::arbitrary<bool>())
      content = content.substr(0, *rc::gen::inRange<std::size_t>(0, content.size() + 1));
    const rated_source source{folder.write("a.pb", content), {.max_message = 12}};
    const auto wanted = read_all(source);
    const auto got = support::read_in_parts(source, *rc::gen::inRange<std::size_t>(1, 4),
                                            *rc::gen::inRange<std::size_t>(1, 4));
    RC_ASSERT(ids(got.records) == ids(wanted.records));
    RC_ASSERT(got.letters == wanted.letters);
  }));
  const std::string file = folder.write("b.pb", file_of({rated(1), rated(2)}));
  const rated_source source{file};
  auto splits = source.splits();
  (void)support::read_some<Rated>(splits.front(), 1, 1);
  const auto here = splits.front().position();
  folder.write("b.pb", "");
  const auto moved = source.splits().front().seek(here);
  REQUIRE(!moved);
  CHECK(moved.error().what ==
        '"' + file + "\" has only 0 bytes, but was read up to byte " + std::to_string(here));
}

TEST_CASE("files that cannot be read are told before the first message") {
  const temporary_folder folder;
  const auto missing = rated_source{folder / "none.pb"}.check();
  REQUIRE(!missing);
  CHECK(missing.error().what ==
        "cannot open \"" + (folder / "none.pb") + "\": No such file or directory");
  const auto a_folder = rated_source{folder.path()}.check();
  REQUIRE(!a_folder);
  CHECK(a_folder.error().what == "\"" + folder.path() + "\" is a folder, not a file");
}

TEST_CASE("a job reads protobuf files one after the other") {
  const temporary_folder folder;
  folder.write("1.pb", file_of({rated(1), rated(2)}));
  folder.write("2.pb", file_of({rated(3)}));
  leat::collect<Rated> all;
  leat::graph g{"rated"};
  g.from("in", rated_source{folder / "*.pb"}).to("all", all);
  REQUIRE(leat::run(std::move(g)));
  CHECK(ids(all.records()) == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("a job reads protobuf files that appear in a folder, until it is closed") {
  const temporary_folder folder;
  folder.write("1.pb", file_of({rated(1), rated(2)}));
  folder.write("2.pb", file_of({rated(3)}));
  folder.write("_DONE", "");
  leat::collect<Rated> all;
  leat::graph g{"rated"};
  g.from("in", leat::watched_folder<rated_source>{folder.path(), {.until = "_DONE"}})
      .to("all", all);
  REQUIRE(leat::run(std::move(g)));
  CHECK(ids(all.records()) == std::vector<std::int64_t>{1, 2, 3});
}
