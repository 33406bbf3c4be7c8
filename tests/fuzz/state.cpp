// Saved state: any bytes are a key group or an error, and what was read is saved as the same bytes.
// Half of the inputs are put after a head that fits: random bytes alone seldom get past it.
#include "fuzz/fuzz.hpp"

#include <leat/detail/state/keyed_store.hpp>
#include <leat/detail/state/list_column.hpp>
#include <leat/detail/state/map_column.hpp>
#include <leat/detail/state/value_column.hpp>

namespace {

using leat::detail::state_kind;

struct deep {
  std::optional<std::vector<std::string>> texts;
  std::pair<bool, float> pair;
  static constexpr auto fields =
      leat::fields("deep", leat::field("texts", &deep::texts), leat::field("pair", &deep::pair));
};

using key = std::pair<std::string, float>;

struct states {
  leat::detail::keyed_store<key> store;
  states() {
    store.declare<leat::detail::value_column<deep, state_kind::value>>("value");
    store.declare<leat::detail::value_column<std::int64_t, state_kind::aggregating>>("sum");
    store.declare<leat::detail::list_column<std::string>>("list");
    store.declare<leat::detail::map_column<double, std::uint8_t>>("map");
  }

  std::string save(const leat::detail::group_of_keys& group) const {
    std::string bytes;
    store.save(group, bytes);
    return bytes;
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string input(fuzz::text_of(data, size));
  states s;
  if (!input.empty() && input[0] % 2 != 0) {
    std::string head = s.save({static_cast<std::uint8_t>(input[0]) / 2u, {}});
    head.pop_back(); // the number of keys
    input.replace(0, 1, head);
  }
  if (!s.store.load(input)) {
    fuzz::require(s.store.size() == 0, "nothing is left of what was refused");
    return 0;
  }
  std::string saved;
  for (const auto& group : s.store.groups())
    saved = s.save(group);
  fuzz::require(s.store.size() == 0 || saved == input, "what was read is saved as the same bytes");
  fuzz::require(s.store.bytes() < 2'000'000 + 1000 * input.size(), "memory is as the bytes");
  return 0;
}
