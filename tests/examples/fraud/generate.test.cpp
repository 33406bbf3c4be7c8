#include "generate.hpp"

#include "streams.hpp"

#include "support/catch.hpp"
#include "support/files.hpp"

#include <leat/csv.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace fraud;

namespace {

/// FNV-1a, 64 bits.
std::uint64_t hash(const std::string& bytes) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const unsigned char c : bytes)
    h = (h ^ c) * 0x100000001b3;
  return h;
}

} // namespace

TEST_CASE("the file reads back as the payments that were simulated") {
  const support::temporary_folder folder;
  const auto path = folder / "payments.csv";
  REQUIRE(generate({path, 3000, 4, 7}));

  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  auto columns = leat::csv_header<payment>(line);
  REQUIRE(columns);
  leat::csv_reader<payment> reader(std::move(*columns));
  const auto expected = test::simulate(3000, 4, 7);
  std::size_t rows = 0;
  for (payment p; std::getline(file, line); ++rows) {
    REQUIRE(reader.parse(line, p));
    REQUIRE(rows < expected.size());
    leat::for_each_field<payment>(
        [&](const auto& f) { REQUIRE(p.*f.member == expected[rows].paid.*f.member); });
  }
  CHECK(rows == 3000);
}

TEST_CASE("the file's bytes are the same everywhere") {
  const support::temporary_folder folder;
  const auto path = folder / "payments.csv";
  REQUIRE(generate({path, 20'000, 5, 1}));
  CHECK(hash(support::content_of(path)) == 0xc9f6eaab24b28719);
}

TEST_CASE("without a number of days, small files span fewer") {
  CHECK(default_days(1000) == 12);
  CHECK(default_days(200'000) == 19);
  CHECK(default_days(2'000'000) == 26);
}

TEST_CASE("what cannot be generated is refused with a hint") {
  const support::temporary_folder folder;
  const auto path = folder / "payments.csv";
  for (const auto& [payments, days] :
       {std::pair<std::int64_t, int>{999, 12}, {5000, 2}, {5000, 4000}, {1'000'000'000'000, 30}}) {
    const auto done = generate({path, payments, days, 1});
    REQUIRE_FALSE(done);
    CHECK(done.error().domain == leat::error_domain::user);
    CHECK_FALSE(done.error().hint.empty());
  }
  CHECK_FALSE(generate({folder / "no/folder.csv", 1000, 3, 1}));
  CHECK(std::filesystem::is_empty(folder.path()));
}
