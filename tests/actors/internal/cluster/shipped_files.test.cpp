#include <leat/internal/cluster/shipped_files.hpp>

#include <leat/internal/cluster/file_cache.hpp>
#include <leat/scoring/readers/sha256.hpp>

#include "support/links.hpp"

#include <filesystem>
#include <future>
#include <random>
#include <rapidcheck.h>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;
using Catch::Matchers::EndsWith;

namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

const authority_folder& authority() {
  static const authority_folder made({"a", "b"});
  return made;
}

std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::mt19937 random(static_cast<unsigned>(size));
  for (char& c : bytes)
    c = static_cast<char>(random());
  return bytes;
}

/// What both ends come to when `f` is sent, and what lies in the folder of the receiver.
struct shipment {
  explicit shipment(const shipped_file& f, std::string cache = {})
      : to((cache.empty() ? folder.path() : cache) + "/" + f.sha256) {
    link_pair p(authority().of("a"), authority().of("b"));
    file_cache kept(cache.empty() ? folder.path() : cache, no_limit);
    auto received = std::async(std::launch::async, [&] { return kept.receive(p.b, f, 20s); });
    const auto sent = send_file(p.a, f, 20s);
    if (!sent) {
      at_sender = sent.error().what;
      const tls_link closed = std::move(p.a);
    }
    if (const auto end = received.get(); !end)
      at_receiver = end.error().what;
  }
  temporary_folder folder;
  std::string to;
  std::string at_sender;
  std::string at_receiver;
};

} // namespace

TEST_CASE("a file arrives as it is, whatever its size") {
  const temporary_folder folder;
  for (const std::size_t size :
       {0, 1, 1000, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 3 * 1024 * 1024}) {
    const std::string content = random_bytes(size);
    const auto f = describe_file(folder.write("model", content), no_limit);
    REQUIRE(f);
    CHECK(f->path == folder / "model");
    CHECK(f->bytes == size);
    CHECK(f->sha256 == sha256_hex(content));
    const shipment s(*f);
    CHECK(s.at_sender.empty());
    CHECK(s.at_receiver.empty());
    CHECK(content_of(s.to) == content);
    CHECK(is_this_file(s.to, *f));
    CHECK(s.folder.size() == 1);
  }
}

TEST_CASE("what cannot be read is not described, and is no file that is wanted") {
  const temporary_folder folder;
  for (const std::string& path : {folder / "none", folder.path()}) {
    const auto f = describe_file(path, no_limit);
    REQUIRE(!f);
    CHECK(f.error().what == "\"" + path + "\" cannot be read");
    for (const char* content : {"", "x"}) // an empty file must be there, too
      CHECK_FALSE(is_this_file(path, {"f", sha256_hex(content), 0}));
  }
  CHECK_FALSE(is_this_file(folder.write("corrupt", "contenu"), {"f", sha256_hex("content"), 7}));
}

TEST_CASE("a file above the limit is not sent") {
  const temporary_folder folder;
  const std::string path = folder.write("model", std::string(4097, 'x'));
  CHECK(describe_file(path, 4097));
  const auto f = describe_file(path, 4096);
  REQUIRE(!f);
  CHECK(f.error().what ==
        "\"" + path + "\" has 4 097 bytes, and files of up to 4 096 are sent to workers");
  CHECK(f.error().hint == "raise --file-limit of the coordinator; a large input belongs on a file "
                          "system of all nodes: --shared STAGE");
}

TEST_CASE("a file that is another when it is sent is an error at both ends, and leaves nothing") {
  const temporary_folder folder;
  const std::string content = random_bytes(600'000);
  const auto f = describe_file(folder.write("model", content), no_limit);
  REQUIRE(f);
  bool refused_by_receiver = true;
  SECTION("shorter") { folder.write("model", content.substr(0, 400'000)); }
  SECTION("empty") { folder.write("model", ""); }
  SECTION("longer") {
    folder.write("model", content + "x");
    refused_by_receiver = false; // it has what it was told of
  }
  SECTION("another one of this size") {
    std::string other = content;
    other.back() ^= 1;
    folder.write("model", other);
  }
  SECTION("none") { std::filesystem::remove(folder / "model"); }
  SECTION("a folder") {
    std::filesystem::remove(folder / "model");
    std::filesystem::create_directory(folder / "model");
  }
  const shipment s(*f);
  CHECK(s.at_sender == "\"" + folder / "model" + "\" changed while it was sent to a worker");
  CHECK(s.at_receiver.empty() != refused_by_receiver);
  CHECK(s.folder.size() == (refused_by_receiver ? 0 : 1));
}

TEST_CASE("an empty file that is gone when it is sent is an error") {
  const temporary_folder folder;
  const auto f = describe_file(folder.write("model", ""), no_limit);
  REQUIRE(f);
  std::filesystem::remove(folder / "model");
  CHECK_THAT(shipment(*f).at_sender, EndsWith("changed while it was sent to a worker"));
}

TEST_CASE("what is sent instead of a file is refused, and leaves nothing") {
  const temporary_folder cache;
  const shipped_file f{"model", sha256_hex("0123456789"), 10};
  const std::string to = cache / f.sha256;
  const auto received = [&](const std::vector<std::string>& messages, bool closes = true) {
    link_pair p(authority().of("a"), authority().of("b"));
    for (const std::string& m : messages)
      REQUIRE(p.a.send(m, soon()));
    if (closes)
      const tls_link closed = std::move(p.a);
    const auto end = file_cache(cache.path(), no_limit).receive(p.b, f, closes ? 20s : 50ms);
    return end ? "" : end.error().what;
  };
  CHECK(received({"01234", "56789"}).empty());
  CHECK(cache.size() == 1);
  std::filesystem::remove(to);
  CHECK(received({"01234", "567890"}) == "model of the coordinator is longer than it was");
  CHECK(received({"9876543210"}) == "model of the coordinator did not arrive as it was sent");
  CHECK_THAT(received({"01234"}), EndsWith("the peer closed the connection"));
  CHECK_THAT(received({"01234"}, false), EndsWith("does not answer"));
  CHECK(cache.size() == 0);
}

TEST_CASE("a file that cannot be kept is an error with its path") {
  const temporary_folder folder;
  const auto f = describe_file(folder.write("model", "content"), no_limit);
  REQUIRE(f);
  const shipment s(*f, folder / "model/below");
  CHECK(s.at_receiver == "cannot write \"" + s.to + "\": Not a directory");
  std::filesystem::create_directories(folder / "taken/" + f->sha256 + "/x");
  const shipment taken(*f, folder / "taken");
  CHECK(taken.at_receiver == "cannot write \"" + taken.to + "\": File exists");
}
