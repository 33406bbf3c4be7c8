// The command `inspect`.
#pragma once

#include <leat/internal/cli/console.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace leat {

inline constexpr std::string_view inspect_help = "print what checkpoints and savepoints hold";

/// Prints what is in a folder of checkpoints, for people or as JSON, or one state. Fails if
/// something is damaged, after it has printed the rest.
exit_code inspect_command(const std::vector<std::string>& arguments, const console& to);

} // namespace leat
