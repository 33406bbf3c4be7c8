#include <leat/internal/cluster/file_cache.hpp>

#include <leat/scoring/readers/sha256.hpp>

#include "support/dice.hpp"
#include "support/links.hpp"

#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <future>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;

namespace {

// The file number n of so many bytes; each has its own content.
struct sample {
  sample(int number, std::size_t bytes)
      : content(fmt::format("{:04}", number) + std::string(bytes - 4, 'x')),
        about{fmt::format("f{}", number), sha256_hex(content), bytes} {}
  std::string content;
  shipped_file about;
};

// A folder with files of samples, which were used so many seconds ago.
struct kept_files {
  void keep(const sample& s, int age) const {
    folder.write(s.about.sha256, s.content);
    make_older(s.about.sha256, age);
  }
  void make_older(const std::string& name, int age) const {
    namespace fs = std::filesystem;
    fs::last_write_time(folder / name,
                        fs::file_time_type::clock::now() - std::chrono::seconds(age));
  }
  bool has(const sample& s) const { return content_of(folder / s.about.sha256) == s.content; }
  temporary_folder folder;
};

std::unique_ptr<link_pair> new_link() {
  static const authority_folder authority({"a", "b"});
  return std::make_unique<link_pair>(authority.of("a"), authority.of("b"));
}

// Whether what is sent over the link arrives.
bool receives(file_cache& into, const sample& s, link_pair& by) {
  if (!by.a.send(s.content, soon()))
    return false;
  const auto path = into.receive(by.b, s.about, 20s);
  return path && content_of(*path) == s.content;
}

} // namespace

TEST_CASE("a cache makes room by removing what was not used for longest, and no more") {
  for_seeds(300, [](dice roll) {
    const kept_files there;
    std::vector<sample> samples;
    std::vector<int> ages;
    std::set<int> in_use;
    for (int n = 0; n < 8; ++n) {
      samples.emplace_back(n, roll.size(4, 100));
      ages.push_back(10 + 10 * n);
    }
    for (std::size_t n = samples.size(); n > 1; --n)
      std::swap(ages[n - 1], ages[roll.size(0, n)]);
    for (std::size_t n = 0; n < samples.size(); ++n)
      there.keep(samples[n], ages[n]);
    const std::uint64_t cap = roll.size(150, 600);
    file_cache own(there.folder.path(), cap);
    file_cache of_another(there.folder.path(), cap); // which only reads
    std::uint64_t used_here = 0;
    for (int n = 0; n < 8; ++n)
      if (const int who = roll(0, 5); who < 2) {
        const auto& s = samples[static_cast<std::size_t>(n)];
        REQUIRE((who == 0 ? own : of_another).find(s.about) == there.folder / s.about.sha256);
        used_here += who == 0 ? s.about.bytes : 0;
        in_use.insert(n);
      }
    const std::uint64_t wanted = roll.size(0, 200);

    std::vector<int> oldest_first;
    std::uint64_t kept = 0;
    for (int n = 0; n < 8; ++n) {
      kept += samples[static_cast<std::size_t>(n)].about.bytes;
      if (!in_use.contains(n))
        oldest_first.push_back(n);
    }
    std::ranges::sort(oldest_first, std::greater{},
                      [&](int n) { return ages[static_cast<std::size_t>(n)]; });
    std::set<int> removed;
    const bool fits = used_here + wanted <= cap;
    for (const int n : oldest_first)
      if (fits && kept + wanted > cap) {
        removed.insert(n);
        kept -= samples[static_cast<std::size_t>(n)].about.bytes;
      }
    CHECK(bool(own.make_room(wanted)) == fits);
    for (int n = 0; n < 8; ++n)
      CHECK(there.has(samples[static_cast<std::size_t>(n)]) == !removed.contains(n));
  });
}

TEST_CASE("a file that was used is younger than one that was only kept") {
  const kept_files there;
  const sample first(1, 50), second(2, 50);
  there.keep(first, 100);
  there.keep(second, 50);
  {
    file_cache before(there.folder.path(), 100);
    CHECK(before.find(first.about));
  }
  file_cache own(there.folder.path(), 100);
  CHECK(own.make_room(50));
  CHECK(there.has(first));
  CHECK_FALSE(there.has(second));
}

TEST_CASE("a file that has arrived is in use, and what a killed worker has left is not") {
  const kept_files there;
  const sample arrived(1, 50), old(2, 50);
  {
    file_cache own(there.folder.path(), 1000);
    REQUIRE(receives(own, arrived, *new_link()));
    there.make_older(arrived.about.sha256, 100);
    there.keep(old, 50);
    there.folder.write(old.about.sha256 + ".Xy1z0_.partial", old.content);
    REQUIRE(file_cache(there.folder.path(), 10).make_room(10));
    CHECK(there.has(arrived));
    CHECK(there.folder.size() == 1);
  }
  REQUIRE(file_cache(there.folder.path(), 10).make_room(10));
  CHECK(there.folder.size() == 0);
}

TEST_CASE("a cache removes nothing else from its folder") {
  const temporary_folder folder;
  const std::string digest = sha256_hex("x");
  folder.write("notes", "mine");
  folder.write(digest.substr(1), "mine");
  folder.write(digest + ".txt", "mine");
  std::filesystem::create_directory(folder / sha256_hex("folder"));
  std::filesystem::create_symlink(folder / "notes", folder / sha256_hex("link"));
  REQUIRE(file_cache(folder.path(), 1).make_room(1));
  CHECK(folder.size() == 5);
}

TEST_CASE("a job whose files exceed the cap is refused, whatever sizes it says") {
  const temporary_folder folder;
  file_cache own(folder.path(), 100);
  CHECK(own.make_room(100));
  for (const std::uint64_t bytes : {std::uint64_t{101}, ~std::uint64_t{0}}) {
    const auto room = own.make_room(bytes);
    REQUIRE(!room);
    CHECK(room.error().hint == "raise --cache-cap of this worker");
  }
  REQUIRE(receives(own, sample(1, 60), *new_link()));
  CHECK(own.make_room(40));
  const auto room = own.make_room(41);
  REQUIRE(!room);
  CHECK(room.error().what == "the job sends 41 bytes of files, and the cache has room for 40");
}

TEST_CASE("workers that share a cache fetch and clean at the same time, and lose nothing in use") {
  const temporary_folder folder;
  std::vector<std::unique_ptr<link_pair>> links;
  std::vector<std::future<bool>> workers;
  for (int w = 0; w < 4; ++w)
    links.push_back(new_link());
  for (int w = 0; w < 4; ++w)
    workers.push_back(std::async(std::launch::async, [&, w] {
      bool good = true;
      for (int round = 0; round < 50; ++round) {
        const sample s((round + w) % 3, 60);
        file_cache own(folder.path(), 100); // room for one
        if (!own.find(s.about)) {
          good = good && own.make_room(s.about.bytes);
          good = good && receives(own, s, *links[static_cast<std::size_t>(w)]);
        }
        good = good && content_of(folder / s.about.sha256) == s.content;
      }
      return good;
    }));
  for (auto& w : workers)
    CHECK(w.get());
}

TEST_CASE("only a digest leads to a file") {
  const std::string digest = sha256_hex("x");
  CHECK(is_digest(digest));
  for (const std::string& text : {std::string(), digest + "0", digest.substr(1),
                                  "/" + digest.substr(1), std::string(64, 'A')})
    CHECK_FALSE(is_digest(text));
}
