// Outputs appear together, when the whole job has ended well, or not at all.
#include <leat/connectors/csv/sink.hpp>
#include <leat/job.hpp>
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/files.hpp"
#include "support/flow.hpp"

using support::dice;
using support::item;
using support::temporary_folder;

namespace {

constexpr std::int64_t records = 300;

enum class fault { none, last_record, prepare };

/// Fails late: when the other sinks may have written everything.
struct failing_sink {
  fault at = fault::none;
  void write(std::span<const item> all) const {
    for (const item& i : all)
      if (at == fault::last_record && i.number == records - 1)
        throw leat::failure(leat::external_error("the last record is too much"));
  }
  leat::result<std::string> prepare(leat::epoch) const {
    if (at == fault::prepare)
      return leat::external_error("the disk is full");
    return std::string{};
  }
  void commit(const std::string&) const {}
};

// Five files: a, and b-0 to b-3.
leat::graph two_files(const temporary_folder& folder, fault at) {
  leat::graph g{"files"};
  auto in = g.from("in", support::given<item>{support::numbered(records)});
  in.to("a", leat::csv_sink<item>{folder / "a.csv"});
  in.key_by(support::key_of_item)
      .process("p", support::chained_hash{})
      .to("b", leat::csv_sink<item>{folder / "b.csv"}, {4});
  in.to("fails", failing_sink{at});
  return g;
}

leat::testing::simulation_options seeded(dice& roll, std::uint64_t seed) {
  leat::testing::simulation_options o;
  o.seed = seed;
  o.apart = roll.coin();
  o.run.parallelism = roll.one_of<std::size_t>({1, 2});
  o.run.frames.records = roll.one_of<std::size_t>({1, 16, 1024});
  return o;
}

std::size_t lines_of(const temporary_folder& folder) {
  std::size_t lines = 0;
  for (const auto& f : std::filesystem::directory_iterator{folder.path()}) {
    const std::string text = support::content_of(f.path().string());
    lines += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  return lines;
}

} // namespace

TEST_CASE("a fault of one sink at the end keeps the files of all others from appearing") {
  for (const fault at : {fault::last_record, fault::prepare})
    support::for_seeds(25, [&, seed = std::uint64_t{0}](dice roll) mutable {
      const temporary_folder folder;
      leat::testing::simulation world(two_files(folder, at), seeded(roll, ++seed));
      const auto done = world.run();
      REQUIRE_FALSE(done);
      REQUIRE(done.error().stage == "fails");
      REQUIRE(folder.size() == 0);
    });
}

TEST_CASE("likewise in threads") {
  for (int round = 0; round < 10; ++round) {
    const temporary_folder folder;
    const auto done = leat::run(two_files(folder, round % 2 ? fault::prepare : fault::last_record));
    REQUIRE_FALSE(done);
    REQUIRE(folder.size() == 0);
  }
}

TEST_CASE("aborted at any moment, a job publishes all of its files or none") {
  std::size_t none = 0, all = 0;
  support::for_seeds(60, [&, seed = std::uint64_t{0}](dice roll) mutable {
    const temporary_folder folder;
    bool published = false;
    {
      const auto options = seeded(roll, ++seed);
      leat::testing::simulation counted(two_files(folder, fault::none), options);
      REQUIRE(counted.run());
      const int steps = static_cast<int>(counted.steps());
      for (const auto& f : std::filesystem::directory_iterator{folder.path()})
        std::filesystem::remove(f);
      leat::testing::simulation world(two_files(folder, fault::none), options);
      for (int left = steps - roll(0, 40); left > 0 && world.step(); --left) {
      }
      world.abort();
      published = static_cast<bool>(world.run());
    }
    REQUIRE(folder.size() == (published ? 5 : 0));
    REQUIRE(lines_of(folder) == (published ? 2 * records + 5 : 0));
    ++(published ? all : none);
  });
  CHECK(none > 0); // both were met
  CHECK(all > 0);
}

TEST_CASE("what cannot be committed fails the job, and other files are whole or absent") {
  struct vanishing {
    std::string prepare(leat::epoch) const { return {}; }
    leat::result<void> commit(const std::string&) const {
      return leat::external_error("its folder is gone");
    }
    void write(std::span<const item>) const {}
  };
  std::size_t without_file = 0;
  support::for_seeds(25, [&, seed = std::uint64_t{0}](dice roll) mutable {
    const temporary_folder folder;
    leat::graph g{"vanishing"};
    auto in = g.from("in", support::given<item>{support::numbered(records)});
    in.to("a", leat::csv_sink<item>{folder / "a.csv"});
    in.to("vanishes", vanishing{});
    leat::testing::simulation world(std::move(g), seeded(roll, ++seed));
    const auto done = world.run();
    REQUIRE_FALSE(done);
    REQUIRE(done.error().stage == "vanishes");
    without_file += folder.size() == 0;
    REQUIRE(lines_of(folder) == folder.size() * (records + 1));
  });
  CHECK(without_file > 0);
}
