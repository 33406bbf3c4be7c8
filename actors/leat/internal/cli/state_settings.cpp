#include <leat/internal/cli/state_settings.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/cli/plan_settings.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

constexpr std::uint64_t least_memory = 8ULL << 20U;

std::string choices(const offered_states& offered) {
  std::string text = "memory";
  for (const auto& [name, make] : offered)
    text += " or " + name + ":DIR";
  return text;
}

} // namespace

void state_settings::declare(option_set& options) {
  if (offered.empty())
    return;
  options.add("--state WHERE", state, "where keyed state lies: " + choices(offered))
      .under("Running");
  options
      .add("--state-memory SIZE", memory,
           "memory of each process for keyed state that lies elsewhere")
      .under("Running");
}

result<std::shared_ptr<state_backend>> state_settings::backend() const {
  if (state == "memory")
    return std::shared_ptr<state_backend>();
  const auto colon = state.find(':');
  const auto found = offered.find(state.substr(0, colon));
  if (found == offered.end() || colon == std::string::npos || colon + 1 == state.size())
    return user_error(fmt::format("--state: invalid place {}", shown(state)), choices(offered));
  const auto bytes = size_of("--state-memory", memory);
  if (!bytes)
    return bytes.error();
  if (*bytes < least_memory)
    return user_error(fmt::format("--state-memory: {} is too small", shown(memory)),
                      "at least 8MiB");
  return found->second(state.substr(colon + 1), *bytes);
}

} // namespace leat
