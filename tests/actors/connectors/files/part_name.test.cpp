#include <leat/connectors/files/part_name.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <vector>

using leat::part_name;
using leat::part_of;

TEST_CASE("a part's name says epoch, subtask and number") {
  CHECK(leat::file_name({17, 2, 0}, ".csv") == "part-2-17.csv");
  CHECK(leat::file_name({17, 2, 1}, "") == "part-2-17-1");
  CHECK(part_of("part-2-17.csv") == part_name{17, 2, 0});
  CHECK(part_of("part-2-17-1") == part_name{17, 2, 1});
  CHECK(part_of("part-2-17-1.csv.gz") == part_name{17, 2, 1});
  for (const char* other :
       {"", "part", "part-", "part-2", "part-2-", "part-2-17-", "part-2-17-0.csv", "part-02-17.csv",
        "part-2-17x", "part-2-17-1x", "part--2-17", "part-+2-17", "part-2-99999999999999999999",
        ".part-2-17.csv", "Part-2-17.csv"})
    CHECK(!part_of(other));
}

TEST_CASE("any part is read back from its name") {
  CHECK(rc::check([](std::uint64_t of, std::uint64_t subtask, std::uint64_t number) {
    const part_name part{of, subtask, number};
    RC_ASSERT(part_of(leat::file_name(part, ".jsonl")) == part);
  }));
}

TEST_CASE("parts of a folder are sorted by epoch, and all else by bytes") {
  std::vector<std::string> paths{"a/part-0-10.csv",
                                 "a/part-0-9.csv",
                                 "a/part-1-9.csv",
                                 "a/part-0-9-10.csv",
                                 "a/part-0-9-2.csv",
                                 "a-b/x",
                                 "a/b",
                                 "a/z",
                                 "b/part-0-1.csv",
                                 "part-0-10",
                                 "part-0-9"};
  std::sort(paths.begin(), paths.end(), leat::comes_before);
  CHECK(paths == std::vector<std::string>{"a-b/x", "a/b", "a/part-0-9.csv", "a/part-0-9-2.csv",
                                          "a/part-0-9-10.csv", "a/part-1-9.csv", "a/part-0-10.csv",
                                          "a/z", "b/part-0-1.csv", "part-0-9", "part-0-10"});
}

TEST_CASE("the order of paths is one, whatever their names") {
  CHECK(rc::check([](const std::vector<std::vector<int>>& seeds) {
    std::vector<std::string> paths;
    for (const auto& seed : seeds) {
      std::string path;
      for (const int i : seed)
        path += std::vector<std::string>{
            "part-", "0", "10", "9", "-", "/", ".csv", "a"}[static_cast<std::size_t>(i) % 8];
      paths.push_back(path);
    }
    for (const auto& a : paths)
      for (const auto& b : paths) {
        RC_ASSERT((a != b) == (leat::comes_before(a, b) || leat::comes_before(b, a)));
        for (const auto& c : paths)
          if (leat::comes_before(a, b) && leat::comes_before(b, c))
            RC_ASSERT(leat::comes_before(a, c));
      }
  }));
}
