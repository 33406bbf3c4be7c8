#include <leat/detail/window/aligned_windows.hpp>
#include <leat/detail/window/session_windows.hpp>

#include "support/catch.hpp"

using namespace leat;
using namespace leat::detail;
using namespace std::chrono_literals;

namespace {

std::string fault(const result<void>& checked) {
  return checked ? "" : checked.error().what + "; " + checked.error().hint;
}

} // namespace

TEST_CASE("windows say what they are") {
  CHECK(aligned_windows(tumbling(5min), {}).text() == "tumbling 5min");
  CHECK(aligned_windows(tumbling(24h, -2h), {.allowed_lateness = 90s}).text() ==
        "tumbling 24h, offset -2h, late by up to 90s");
  CHECK(aligned_windows(sliding(1h, 1s), {}).text() == "sliding 1h by 1s");
  CHECK(session_windows(session(30s), {}).text() == "session 30s");
  const auto gap = [](int n) { return std::chrono::microseconds{n}; };
  CHECK(session_windows(session(gap), {.allowed_lateness = 1ms}).text() ==
        "session by record, late by up to 1ms");
}

TEST_CASE("windows that make no sense are refused") {
  CHECK(fault(aligned_windows(sliding(1h, 1h), {}).check()).empty());
  CHECK(fault(aligned_windows(tumbling(0s), {}).check()) ==
        "the size of a window is 0 us; choose one from 1 us to 9007199254740992 us");
  CHECK(fault(aligned_windows(sliding(1s, -1s), {}).check()) ==
        "the slide of a window is -1000000 us; choose one from 1 us to 9007199254740992 us");
  CHECK(fault(aligned_windows(sliding(1s, 2s), {}).check()) ==
        "windows slide by more than their size, so records between them would be in none; choose a "
        "slide up to the size");
  CHECK(fault(aligned_windows(tumbling(1s), {.allowed_lateness = -1us}).check()) ==
        "the allowed lateness of a window is -1 us; choose one from 0 us to 9007199254740992 us");
  CHECK(fault(session_windows(session(0s), {}).check()) ==
        "the gap of a window is 0 us; choose one from 1 us to 9007199254740992 us");
}
