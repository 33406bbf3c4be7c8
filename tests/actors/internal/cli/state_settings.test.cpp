#include <leat/internal/cli/state_settings.hpp>

#include "support/catch.hpp"
#include "support/map_states.hpp"

using namespace leat;

namespace {

/// Offers a backend, and notes what is asked of it.
struct offer {
  std::string folder;
  std::uint64_t memory = 0;
  state_settings settings;

  offer() {
    settings.offered["map"] = [this](const std::string& in, std::uint64_t bytes) {
      folder = in, memory = bytes;
      return std::make_shared<support::map_backend>(0);
    };
  }
  std::string error() const {
    const auto made = settings.backend();
    return made ? "" : made.error().what + "; " + made.error().hint;
  }
};

} // namespace

TEST_CASE("state lies in memory unless a backend is named") {
  offer o;
  CHECK(*o.settings.backend() == nullptr);
  o.settings.state = "map:work/here";
  const auto made = o.settings.backend();
  REQUIRE((made && *made));
  CHECK((o.folder == "work/here" && o.memory == 256ULL << 20U));
  o.settings.memory = "1GB";
  REQUIRE(o.settings.backend());
  CHECK(o.memory == 1'000'000'000);
}

TEST_CASE("a place of state that is not offered is refused") {
  offer o;
  for (const char* place : {"map", "map:", "other:work", ""}) {
    CAPTURE(place);
    o.settings.state = place;
    CHECK(o.error() == "--state: invalid place \"" + std::string(place) + "\"; memory or map:DIR");
  }
  o.settings.state = "map:work";
  o.settings.memory = "much";
  CHECK(o.error().starts_with("--state-memory: invalid size \"much\""));
  o.settings.memory = "1MiB";
  CHECK(o.error() == "--state-memory: \"1MiB\" is too small; at least 8MiB");
}
