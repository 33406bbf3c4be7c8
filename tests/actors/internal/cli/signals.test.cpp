#include <leat/internal/cli/signals.hpp>

#include "support/catch.hpp"

#include <thread>

using namespace leat;

namespace {

constexpr std::chrono::milliseconds apart{30}; // enough to count as two

using handler = void (*)(int);

handler handler_of(int signal) {
  struct sigaction now {};
  sigaction(signal, nullptr, &now);
  return now.sa_handler;
}

/// Sets a handler for as long as it lives.
struct with_handler {
  with_handler(int s, handler h) : signal(s), before(std::signal(s, h)) {}
  ~with_handler() { std::signal(signal, before); }
  int signal;
  handler before;
};

} // namespace

TEST_CASE("signals count, and are given back") {
  const with_handler interrupt(SIGINT, SIG_DFL);
  const with_handler terminate(SIGTERM, SIG_DFL);
  {
    const stop_signals signals;
    CHECK(signals.count() == 0);
    std::raise(SIGINT);
    CHECK(signals.count() == 1);
    CHECK(signals.last() == SIGINT);
    std::raise(SIGTERM); // at once, as timeout(1) does: the same wish
    CHECK(signals.count() == 1);
    CHECK(signals.last() == SIGINT);
    std::this_thread::sleep_for(apart);
    std::raise(SIGTERM);
    CHECK(signals.count() == 2);
    CHECK(signals.last() == SIGTERM);
  }
  CHECK(handler_of(SIGINT) == SIG_DFL);
  CHECK(handler_of(SIGTERM) == SIG_DFL);
  CHECK(stop_signals{}.count() == 0);
}

TEST_CASE("signals can be given back early") {
  const with_handler interrupt(SIGINT, SIG_DFL);
  stop_signals signals;
  std::raise(SIGINT);
  signals.release();
  CHECK(handler_of(SIGINT) == SIG_DFL);
  CHECK(signals.count() == 1);
}

TEST_CASE("a signal that was ignored stays ignored") {
  const with_handler interrupt(SIGINT, SIG_IGN);
  const stop_signals signals;
  std::raise(SIGINT);
  CHECK(signals.count() == 0);
  CHECK(handler_of(SIGINT) == SIG_IGN);
}

TEST_CASE("a file that grows beyond its limit is an error of the write") {
  const with_handler limit(SIGXFSZ, SIG_DFL);
  survive_file_limit();
  CHECK(handler_of(SIGXFSZ) == SIG_IGN);
  const handler own = [](int) {};
  std::signal(SIGXFSZ, own);
  survive_file_limit();
  CHECK(handler_of(SIGXFSZ) == own);
}
