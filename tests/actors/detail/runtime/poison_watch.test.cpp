#include <leat/detail/runtime/poison_watch.hpp>

#include "support/catch.hpp"
#include "support/files.hpp"

#include <rapidcheck.h>

#include <csignal>
#include <map>

using leat::poison_watch;
using support::temporary_folder;

namespace {

std::unique_ptr<poison_watch> opened(const temporary_folder& folder, std::size_t times) {
  auto watch = poison_watch::open(folder / "page", times);
  if (!watch)
    FAIL(to_string(watch.error()));
  return std::move(*watch);
}

} // namespace

TEST_CASE("records are noted from the first failure on, and are poison after so many") {
  CHECK(rc::check([] {
    const temporary_folder folder;
    const auto times = *rc::gen::inRange<std::size_t>(2, 5);
    std::map<poison_watch::record_id, std::size_t> blamed;
    bool failed = false, unnoted = false;
    for (int attempts = *rc::gen::inRange(1, 40); attempts > 0; --attempts) {
      const auto watch = opened(folder, times);
      RC_ASSERT(watch->on() == failed);
      for (poison_watch::record_id r = 1; r < 6; ++r)
        RC_ASSERT(watch->verdict(r).has_value() == (blamed[r] >= times));
      const auto record = *rc::gen::inRange<poison_watch::record_id>(0, 6);
      if (watch->on())
        watch->begin(record);
      if (*rc::gen::inRange(0, 3) == 0)
        continue; // it is killed, or another subtask fails
      watch->blame("x");
      if (failed && record != 0)
        blamed[record] += 1 + std::exchange(unnoted, false);
      else
        unnoted = true;
      failed = true;
    }
  }));
}

TEST_CASE("a signal is blamed on what its thread runs, and on nothing else") {
  const temporary_folder folder;
  {
    const auto watch = opened(folder, 2);
    watch->begin(5);
    { const poison_watch::turn turn(watch.get()); }
    leat::blame_for_signal(SIGSEGV); // of another thread, or between two turns
  }
  CHECK_FALSE(opened(folder, 2)->on());
  for (int failures = 0; failures < 2; ++failures) {
    const auto watch = opened(folder, 2);
    watch->begin(5);
    const poison_watch::turn turn(watch.get());
    leat::blame_for_signal(SIGSEGV);
  }
  CHECK(opened(folder, 2)->verdict(5) == "poison record: it has brought down its stage 2 times, "
                                         "the last time: it ended the process by SIGSEGV");
}
