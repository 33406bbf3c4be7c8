#include <leat/internal/cli/checkpoint_settings.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace std::chrono_literals;

namespace {

std::string error_of(const checkpoint_settings& s) {
  const auto o = s.options();
  return o ? "" : o.error().what;
}

} // namespace

TEST_CASE("the options of checkpoints have these defaults") {
  checkpoint_settings s;
  s.folder = "c";
  const auto o = s.options();
  REQUIRE(o);
  CHECK(o->folder == "c");
  CHECK(o->interval == 1s);
  CHECK(o->pause == 0s);
  CHECK(o->timeout == 10min);
  CHECK(o->kept == 3);
  CHECK(o->restore);
  CHECK_FALSE(o->tolerated);
}

TEST_CASE("a job starts from its newest checkpoint, from none, or from one that a path names") {
  checkpoint_settings s;
  s.folder = "c";
  CHECK(s.options()->restore_from.empty());
  s.restore = "none";
  CHECK_FALSE(s.options()->restore);
  CHECK(s.options()->restore_from.empty());
  s.restore = "old/state/6-1";
  CHECK(s.options()->restore);
  CHECK(s.options()->restore_from == "old/state/6-1");
}

TEST_CASE("what is wrong with the options of checkpoints is an error that names the option") {
  CHECK(error_of({.folder = "c", .interval = "9ms"}) ==
        "--checkpoint-interval: invalid duration \"9ms\"");
  CHECK(error_of({.folder = "c", .pause = "often"}) ==
        "--checkpoint-pause: invalid duration \"often\"");
  CHECK(error_of({.folder = "c", .timeout = "0s"}) ==
        "--checkpoint-timeout: invalid duration \"0s\"");
  CHECK(error_of({.folder = "c", .kept = 0}) == "--checkpoints-kept: 0 is not between 1 and 1000");
  CHECK(error_of({.folder = "c", .restore = ""}) == "--restore: latest, none or a path is missing");
  CHECK(error_of({.stop_savepoint = "s"}) == "--stop-savepoint requires --checkpoint-dir");
  CHECK(error_of({.folder = "c", .stop_savepoint = "../s"}) ==
        "--stop-savepoint: \"../s\" cannot be the name of a savepoint");
  CHECK(error_of({.restore = "none"}) == "--restore requires --checkpoint-dir");
}
