#include <leat/internal/runtime/checkpointing.hpp>

#include <leat/internal/checkpoint/simulated_files.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace std::chrono_literals;

namespace {

constexpr clock_time ms = 1'000'000;

struct world {
  simulated_files files{1};
  checkpoint_options options;
  std::shared_ptr<shared_checkpoint_metrics> metrics =
      std::make_shared<shared_checkpoint_metrics>();
  std::optional<checkpoint_store> store;
  std::int64_t process = 0;

  world() {
    options.interval = 100ms;
    options.timeout = 1s;
    claim();
  }
  void claim() {
    store.reset();
    auto opened = checkpoint_store::open(files, {"/c", "job", "host", ++process, {}, 3});
    REQUIRE(opened);
    store.emplace(std::move(*opened));
  }
  checkpointing at(clock_time now, std::size_t subtasks = 2) {
    return {{&*store, nullptr, options, "plan", metrics}, subtasks, now};
  }
  saved_subtask state(epoch n, std::uint32_t subtask) {
    state_writer to(files, "/c", store->term());
    auto file = to.write(n, "stage", subtask, "state");
    REQUIRE(file);
    return {"stage", subtask, 2, *file, false, false};
  }
};

} // namespace

TEST_CASE("a checkpoint is complete when all subtasks have saved, and the next is due after it") {
  world w;
  checkpointing c = w.at(0);
  CHECK_FALSE(c.due(99 * ms));
  CHECK(c.due(100 * ms));
  c.begin(1, {{"stage", "model", "new"}}, false, 100 * ms);
  CHECK_FALSE(c.due(500 * ms));
  CHECK_FALSE(c.saved(0, 7, w.state(7, 0))); // of one that is not under way
  CHECK_FALSE(c.saved(0, 1, w.state(1, 0)));
  CHECK_FALSE(c.saved(0, 1, {})); // counts once
  CHECK(c.saved(1, 1, w.state(1, 1)));
  const auto completed = c.complete(130 * ms, {});
  REQUIRE(completed);
  CHECK(*completed == 1);
  CHECK_FALSE(c.due(199 * ms));
  CHECK(c.due(200 * ms));
  const auto newest = w.store->newest();
  REQUIRE((newest && *newest));
  const manifest& m = (*newest)->manifest;
  CHECK(m.subtasks.size() == 2);
  CHECK(m.commands == std::vector<taken_command>{{"stage", "model", "new"}});
  CHECK_FALSE(m.finished);
  CHECK(w.metrics->read().completed == 1);
  CHECK(w.metrics->read().last == 1);
  CHECK(w.metrics->read().bytes == 10);
  CHECK(w.metrics->read().took == 30ms);
  CHECK(w.metrics->read().longest == 30ms);
}

TEST_CASE("a pause counts from the end of a checkpoint") {
  world w;
  w.options.pause = 300ms;
  checkpointing c = w.at(0, 1);
  c.begin(1, {}, true, 100 * ms);
  REQUIRE(c.saved(0, 1, w.state(1, 0)));
  REQUIRE(c.complete(150 * ms, {}));
  CHECK(c.is_last());
  CHECK_FALSE(c.due(449 * ms));
  CHECK(c.due(450 * ms));
}

TEST_CASE(
    "a checkpoint that takes too long is given up, and what is saved of it later is ignored") {
  world w;
  checkpointing c = w.at(0);
  c.begin(1, {}, false, 100 * ms);
  REQUIRE_FALSE(c.saved(0, 1, w.state(1, 0)));
  CHECK(c.next_look() == 1100 * ms);
  REQUIRE(c.expire(1099 * ms));
  CHECK(c.under_way());
  REQUIRE(c.expire(1100 * ms));
  CHECK_FALSE(c.under_way());
  CHECK_FALSE(c.saved(1, 1, w.state(1, 1)));
  CHECK(w.metrics->read().failed == 1);
  CHECK(w.metrics->read().last_error ==
        "checkpoint 1 took more than 1 s: 1 of 2 subtasks have not saved, subtask 1 among them");
  CHECK(c.due(1200 * ms));
}

TEST_CASE("a job fails after more failures in a row than it tolerates") {
  world w;
  w.options.tolerated = 1;
  checkpointing c = w.at(0, 1);
  const error full = external_error("the disk is full");
  c.begin(1, {}, false, 0);
  REQUIRE(c.give_up(1, full, ms));
  c.begin(2, {}, false, 0);
  REQUIRE(c.saved(0, 2, w.state(2, 0)));
  REQUIRE(c.complete(2 * ms, {}));
  c.begin(3, {}, false, 0);
  REQUIRE(c.give_up(2, full, 3 * ms)); // is over
  CHECK(c.under_way());
  REQUIRE(c.give_up(3, full, 3 * ms));
  c.begin(4, {}, false, 0);
  const auto fatal = c.give_up(4, full, 4 * ms);
  REQUIRE_FALSE(fatal);
  CHECK(fatal.error().what == "2 checkpoints in a row have failed, the last one: the disk is full");
}

TEST_CASE(
    "a manifest that cannot be written is given up, and a coordinator that was replaced ends") {
  world w;
  checkpointing c = w.at(0, 1);
  bool faulty = true;
  w.files.interfere([&](const simulated_files::operation& o) -> simulated_fault {
    if (faulty && o.verb == "create")
      return {simulated_fault::kind::fails, 28};
    return {};
  });
  faulty = false;
  const auto saved = w.state(1, 0);
  faulty = true;
  c.begin(1, {}, false, 0);
  REQUIRE(c.saved(0, 1, saved));
  const auto failed = c.complete(ms, {});
  REQUIRE(failed);
  CHECK_FALSE(*failed);
  CHECK(w.metrics->read().failed == 1);
  faulty = false;

  w.files.interfere({});
  c.begin(2, {}, false, 0);
  REQUIRE(c.saved(0, 2, w.state(2, 0)));
  simulated_files& files = w.files;
  // On another host, so that the lock does not hold it up.
  auto other = checkpoint_store::open(files, {"/c", "job", "other", 1, {}, 3});
  REQUIRE(other);
  CHECK_FALSE(c.complete(2 * ms, {}));
}

TEST_CASE("epochs of attempts never meet, whatever the attempts before have left") {
  world w;
  epoch last = 0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    const attempt_id id = attempt_of(*w.store);
    REQUIRE(id.after >= last);
    last = id.after;
    for (int n = attempt % 5; n > 0; --n) {
      checkpointing c = w.at(0, 1);
      last += static_cast<epoch>(1 + attempt * 40 % 900); // as many were given up
      c.begin(last, {}, false, 0);
      REQUIRE(c.saved(0, last, w.state(last, 0)));
      REQUIRE(c.complete(ms, {}));
    }
    last += 900;
    w.claim();
  }
}
