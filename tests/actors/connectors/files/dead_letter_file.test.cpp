#include <leat/connectors/files/dead_letter_file.hpp>
#include <leat/connectors/json_lines/source.hpp>
#include <leat/connectors/memory/collect.hpp>
#include <leat/job.hpp>
#include <leat/json.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <rapidcheck.h>

#include <csignal>
#include <set>
#include <sys/resource.h>
#include <thread>

namespace {

using leat::dead_letter;
using leat::dead_letter_file;
using support::content_of;
using support::temporary_folder;
using namespace std::chrono_literals;

/// A dead letter as the file holds it.
struct kept_letter {
  std::string reason;
  std::string stage;
  std::string place;
  std::string raw;
  std::optional<bool> raw_is_utf8;
  static constexpr auto fields = leat::fields(
      "kept_letter", leat::field("reason", &kept_letter::reason),
      leat::field("stage", &kept_letter::stage), leat::field("place", &kept_letter::place),
      leat::field("raw", &kept_letter::raw), leat::field("raw_is_utf8", &kept_letter::raw_is_utf8));
};

/// The letters in a file; fails the test when a line is no letter.
std::vector<kept_letter> letters_in(const std::string& path) {
  std::vector<kept_letter> all;
  std::ifstream in{path};
  for (std::string line; std::getline(in, line);) {
    kept_letter letter;
    if (const auto read = leat::parse_json(line, letter); !read)
      FAIL(path << ": " << read.error().what << ": " << line);
    all.push_back(std::move(letter));
  }
  return all;
}

/// What was announced. Thread-safe.
class heard {
public:
  leat::announcement listener() {
    return [this](std::string_view text) {
      const std::lock_guard lock(mutex_);
      texts_.emplace_back(text);
    };
  }
  std::vector<std::string> texts() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }
  void wait() const {
    while (texts().empty())
      std::this_thread::sleep_for(1ms);
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
};

dead_letter letter(std::string raw) { return {"reason", "stage", "a.csv:1", std::move(raw)}; }

} // namespace

TEST_CASE("dead letters are kept as lines of JSON in a folder made for them") {
  const temporary_folder folder;
  dead_letter_file dead_letters{folder / "job/dead"};
  CHECK(dead_letters.path() == folder.path() + "/job/dead/dead-letters.jsonl");
  CHECK(folder.size() == 0);
  dead_letters.put({"3 fields, 10 expected", "payments", "a.csv:17", "1,\"2\",3"});
  dead_letters.put({"x", "y", "", ""});
  dead_letters.put({"x", "y", "", "z", "edge-1"});
  CHECK(dead_letters.count() == 3);
  CHECK(content_of(dead_letters.path()) ==
        R"({"reason":"3 fields, 10 expected","stage":"payments","place":"a.csv:17",)"
        R"("raw":"1,\"2\",3"})"
        "\n"
        R"({"reason":"x","stage":"y","place":"","raw":""})"
        "\n"
        R"({"reason":"x","stage":"y","place":"","node":"edge-1","raw":"z"})"
        "\n");
}

TEST_CASE("a letter of any bytes is valid JSON, and says when its bytes are not all there") {
  const temporary_folder folder;
  CHECK(rc::check([&] {
    const auto raw = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    const auto place = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    std::filesystem::remove(folder / "dead-letters.jsonl");
    dead_letter_file dead_letters{folder.path()};
    dead_letters.put({"reason", "stage", place, raw});
    const auto kept = letters_in(dead_letters.path());
    RC_ASSERT(kept.size() == 1u);
    const bool whole = leat::valid_utf8_length(raw) == raw.size();
    RC_ASSERT(kept[0].raw_is_utf8.has_value() != whole);
    RC_ASSERT((kept[0].raw == raw) == whole);
  }));
}

TEST_CASE("a file that is there is continued, behind half a line too") {
  const temporary_folder folder;
  { dead_letter_file{folder.path()}.put(letter("1")); }
  { dead_letter_file{folder.path()}.put(letter("2")); }
  std::ofstream{folder / "dead-letters.jsonl", std::ios::app} << R"({"reason":"cut)";
  dead_letter_file dead_letters{folder.path()};
  dead_letters.put(letter("3"));
  CHECK(dead_letters.count() == 1);
  const std::string content = content_of(dead_letters.path());
  CHECK(std::count(content.begin(), content.end(), '\n') == 4);
  CHECK(content.find("{\"reason\":\"cut\n{") != std::string::npos);
}

TEST_CASE("a letter with an id is kept once, whoever puts it again and however often") {
  const temporary_folder folder;
  CHECK(rc::check([&] {
    std::filesystem::remove(folder / "dead-letters.jsonl");
    std::array<std::unique_ptr<dead_letter_file>, 3> processes;
    std::set<std::string> wanted;
    for (int puts = *rc::gen::inRange(1, 60); puts > 0; --puts) {
      auto& process = processes[*rc::gen::inRange<std::size_t>(0, 3)];
      if (!process || *rc::gen::inRange(0, 5) == 0) // it ends, perhaps within a line
        process = std::make_unique<dead_letter_file>(folder.path());
      if (*rc::gen::inRange(0, 5) == 0)
        std::ofstream{folder / "dead-letters.jsonl", std::ios::app}
            << R"({"reason":"","raw":"x","id":"7)";
      dead_letter l = letter(R"(","id":"3"})");
      l.id = std::to_string(*rc::gen::inRange(0, 10));
      wanted.insert(l.id);
      process->put(l);
      process->put(letter("without"));
      process->flush();
    }
    std::multiset<std::string> got;
    std::ifstream in{folder / "dead-letters.jsonl"};
    for (std::string line; std::getline(in, line);)
      if (const auto at = line.rfind(R"(,"id":")"); at != std::string::npos && line.ends_with('}'))
        got.insert(line.substr(at + 7, line.size() - at - 9));
    RC_ASSERT(std::multiset<std::string>(wanted.begin(), wanted.end()) == got);
  }));
}

TEST_CASE("letters of several threads are all kept, whole") {
  const temporary_folder folder;
  dead_letter_file dead_letters{folder.path()};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&dead_letters, t] {
      for (int i = 0; i < 500; ++i)
        dead_letters.put(letter(std::to_string(t * 500 + i)));
    });
  for (std::thread& t : threads)
    t.join();
  CHECK(dead_letters.count() == 2000);
  std::set<std::string> seen;
  for (const kept_letter& l : letters_in(dead_letters.path()))
    seen.insert(l.raw);
  CHECK(seen.size() == 2000);
}

TEST_CASE("at the cap letters wait aloud until the file is moved, and none is lost") {
  const temporary_folder folder;
  heard announced;
  dead_letter_file dead_letters{folder.path(), 1000, announced.listener()};
  std::thread writer{[&] {
    for (int i = 0; i < 30; ++i)
      dead_letters.put(letter(std::to_string(i)));
  }};
  announced.wait();
  std::vector<std::string> moved;
  while (dead_letters.count() < 30) {
    std::this_thread::sleep_for(5ms);
    if (!std::filesystem::exists(dead_letters.path()))
      continue;
    moved.push_back(folder / ("moved-" + std::to_string(moved.size())));
    std::filesystem::rename(dead_letters.path(), moved.back());
  }
  writer.join();
  if (std::filesystem::exists(dead_letters.path()))
    moved.push_back(dead_letters.path());
  std::vector<kept_letter> all;
  for (const std::string& path : moved) {
    CHECK(std::filesystem::file_size(path) <= 1000);
    for (kept_letter& l : letters_in(path))
      all.push_back(std::move(l));
  }
  CHECK(dead_letters.count() == 30);
  REQUIRE(all.size() == 30);
  for (int i = 0; i < 30; ++i)
    CHECK(all[static_cast<std::size_t>(i)].raw == std::to_string(i));
  CHECK(announced.texts().front() == "dead letters: \"" + dead_letters.path() +
                                         "\" is full (1000 bytes): move it away or raise "
                                         "--dead-letter-cap; the job waits");
}

TEST_CASE("a full file may also be cut, and is announced once a second at most") {
  const temporary_folder folder;
  heard announced;
  dead_letter_file dead_letters{folder.path(), 100, announced.listener()};
  dead_letters.put(letter("1"));
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> writers;
  for (const char* raw : {"2", "3"})
    writers.emplace_back([&dead_letters, raw] { dead_letters.put(letter(raw)); });
  announced.wait();
  std::this_thread::sleep_for(150ms);
  const auto times = announced.texts().size();
  const auto waited = std::chrono::steady_clock::now() - start;
  CHECK(times <= 1 + static_cast<std::size_t>(waited / 1s));
  while (dead_letters.count() < 3) {
    std::filesystem::resize_file(dead_letters.path(), 0);
    std::this_thread::sleep_for(10ms);
  }
  for (std::thread& t : writers)
    t.join();
  CHECK(dead_letters.count() == 3);
}

TEST_CASE("a letter larger than the cap is kept alone, and megabytes are called so") {
  const temporary_folder folder;
  heard announced;
  dead_letter_file dead_letters{folder.path(), 1 << 20, announced.listener()};
  dead_letters.put(letter(std::string(2'000'000, 'x')));
  CHECK(dead_letters.count() == 1);
  dead_letters.abandon();
  CHECK_THROWS_AS(dead_letters.put(letter("")), leat::failure);
  try {
    dead_letters.put(letter(""));
  } catch (const leat::failure& f) {
    CHECK(f.error().what ==
          "dead letters: \"" + dead_letters.path() + "\" is full (1 MiB), and the job ends");
  }
  CHECK(announced.texts().empty());
}

TEST_CASE("an abandoned dead_letters keeps what fits and lets go who waits") {
  const temporary_folder folder;
  heard announced;
  dead_letter_file dead_letters{folder.path(), 100, announced.listener()};
  dead_letters.put(letter("1"));
  bool thrown = false;
  std::thread writer{[&] {
    try {
      dead_letters.put(letter("2"));
    } catch (const leat::failure&) {
      thrown = true;
    }
  }};
  announced.wait();
  dead_letters.abandon();
  writer.join();
  CHECK(thrown);
  CHECK(dead_letters.count() == 1);
  std::filesystem::remove(dead_letters.path());
  dead_letters.put(letter("3"));
  CHECK(letters_in(dead_letters.path()).size() == 1);
}

TEST_CASE("who finds no room waits again once dead_letters that were abandoned resume") {
  const temporary_folder folder;
  heard announced;
  dead_letter_file dead_letters{folder.path(), 10, announced.listener()};
  dead_letters.put(letter("1"));
  dead_letters.abandon();
  CHECK_THROWS_AS(dead_letters.put(letter("2")), leat::failure);
  dead_letters.resume();
  std::thread writer{[&] { dead_letters.put(letter("3")); }};
  announced.wait();
  std::filesystem::remove(dead_letters.path());
  writer.join();
  CHECK(dead_letters.count() == 2);
}

TEST_CASE("a file of dead letters that cannot be written is named, for good") {
  const temporary_folder folder;
  folder.write("file", "");
  dead_letter_file dead_letters{folder / "file"};
  for (int i = 0; i < 2; ++i)
    try {
      dead_letters.put(letter(""));
      FAIL("a file is no folder");
    } catch (const leat::failure& f) {
      CHECK(f.error().what.starts_with("cannot write \"" + dead_letters.path() + "\": "));
    }
  CHECK(dead_letters.count() == 0);

  std::filesystem::create_directory(folder / "dead-letters.jsonl");
  CHECK_THROWS_AS(dead_letter_file{folder.path()}.put(letter("")), leat::failure);
}

TEST_CASE("a full disk is an error that names the file") {
  const temporary_folder folder;
  dead_letter_file dead_letters{folder.path()};
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limited{150, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limited);
  std::string what;
  try {
    dead_letters.put(letter("1"));
    dead_letters.put(letter(std::string(200, 'x')));
  } catch (const leat::failure& f) {
    what = f.error().what;
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_DFL);
  CHECK(what ==
        "cannot write \"" + dead_letters.path() + "\": the file is larger than the system allows");
  CHECK(dead_letters.count() == 1);
}

TEST_CASE("a job keeps its dead letters in a file, and waits when it is full") {
  const temporary_folder folder;
  const std::string good = R"({"reason":"r","stage":"s","place":"p","raw":"x"})"
                           "\n";
  std::string content;
  for (int i = 0; i < 50; ++i)
    content += good + "oops " + std::to_string(i) + "\n";
  const std::string path = folder.write("in.jsonl", content);
  heard announced;
  dead_letter_file dead_letters{folder / "dead", 4000, announced.listener()};
  leat::collect<kept_letter> all;
  leat::graph g{"letters"};
  g.from("in", leat::json_lines_source<kept_letter>{path}).to("all", all);
  leat::run_options options;
  options.dead_letters = &dead_letters;
  auto job = leat::job::start(std::move(g), options);
  REQUIRE(job);
  announced.wait();
  CHECK(!job->wait_for(50ms));
  std::filesystem::rename(dead_letters.path(), folder / "moved");
  while (!job->wait_for(50ms))
    if (std::filesystem::exists(dead_letters.path()))
      std::filesystem::remove(dead_letters.path());
  CHECK(job->wait());
  CHECK(job->metrics().dead_letters == 50);
  CHECK(all.records().size() == 50);
  const auto first = letters_in(folder / "moved").at(0);
  CHECK(first.stage == "in");
  CHECK(first.place == path + ":2");
  CHECK(first.raw == "oops 0");
}

TEST_CASE("a job that waits for room can be aborted") {
  const temporary_folder folder;
  const std::string path = folder.write("in.jsonl", "oops\noops\noops\n");
  heard announced;
  dead_letter_file dead_letters{folder / "dead", 10, announced.listener()};
  leat::graph g{"letters"};
  g.from("in", leat::json_lines_source<kept_letter>{path}).to("all", leat::collect<kept_letter>{});
  leat::run_options options;
  options.dead_letters = &dead_letters;
  auto job = leat::job::start(std::move(g), options);
  REQUIRE(job);
  announced.wait();
  dead_letters.abandon();
  job->abort();
  CHECK(!job->wait());
}
