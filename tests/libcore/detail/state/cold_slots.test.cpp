#include <leat/detail/state/cold_slots.hpp>

#include "support/cold_operations.hpp"
#include "support/map_states.hpp"

using leat::detail::cold_slots;
using support::cold_operations;

namespace {

/// What was kept stays in memory.
struct kept_files {
  std::map<std::string, std::string> content;

  support::keep_files keeper() {
    return [this](const leat::stored_files& files) {
      std::vector<leat::stored_file> kept;
      for (const leat::stored_file& f : files.all()) {
        const std::string path = std::to_string(content.size());
        content[path] = f.content;
        kept.push_back({f.name, path});
      }
      return kept;
    };
  }
};

template <class K>
void compare_with_memory(std::function<K(int)> key) {
  support::for_seeds(30, [&](support::dice roll) {
    kept_files kept;
    support::map_backend backend(roll.one_of<std::size_t>({0, 60'000, 120'000, 1'000'000}),
                                 [&](const std::string& path) { return kept.content.at(path); });
    cold_operations<K>(roll, backend, kept.keeper(), key).run(3000);
  });
}

} // namespace

TEST_CASE("a slot has a second chance before it makes room") {
  cold_slots slots(std::make_unique<support::map_store>(support::state_map{}, 0));
  slots.take(1, false);
  slots.take(2, true);
  CHECK((slots.next(2) == 1 && slots.spare(1) && !slots.spare(1)));
  CHECK((slots.next(2) == 2 && slots.next(2) == 1));
  slots.use(1);
  CHECK(slots.spare(1));
  CHECK((!slots.is_stored(1) && slots.is_stored(2)));
}

TEST_CASE("room is made again when some has been used") {
  cold_slots slots(std::make_unique<support::map_store>(support::state_map{}, 0));
  CHECK((slots.exceeds(1001, 1000) && !slots.exceeds(1000, 1000)));
  slots.has_made_room(960, 1000);
  CHECK((slots.exceeds(1001, 1000) && !slots.exceeds(1000, 1000)));
  slots.has_made_room(5000, 1000); // no key is left
  CHECK((slots.exceeds(5031, 1000) && !slots.exceeds(5030, 1000)));
}

TEST_CASE("what a slot has is written once after it has changed") {
  cold_slots slots(std::make_unique<support::map_store>(support::state_map{}, 0));
  slots.take(1, false);
  CHECK_FALSE(slots.is_changed(1));
  slots.change(1);
  CHECK(slots.is_changed(1));
  slots.write(1, "key", "value");
  CHECK((!slots.is_changed(1) && slots.is_stored(1)));
  std::string value;
  slots.flush();
  CHECK((slots.store().get("key", value) && value == "value"));
  slots.erase("key");
  slots.flush();
  CHECK_FALSE(slots.store().get("key", value));
}

TEST_CASE("states of which memory holds a part are those in memory") {
  compare_with_memory<std::string>([](int n) { return "key " + std::to_string(n); });
  compare_with_memory<std::int64_t>([](int n) { return std::int64_t{n} * 1'000'003; });
  compare_with_memory<std::pair<double, std::string>>([](int n) {
    return std::pair(n % 3 == 0 ? -0.0 : n / 7.0,
                     std::string(static_cast<std::size_t>(n % 40), 'k'));
  });
}
