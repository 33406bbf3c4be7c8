// What all commands have in common: their help, and how their options are read.
#pragma once

#include <leat/internal/cli/console.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

bool asks_for_help(std::string_view argument);

/// The help of what has commands: "NAME: about", and the commands.
std::string help_of_commands(std::string_view name, std::string_view about,
                             const text_rows& commands);

/// What --help of a command prints besides its options.
struct command_text {
  std::string_view name;
  std::string_view help;
  std::string_view footer = {};
};

/// Reads a command's options, or prints its help. With an exit code there is nothing more to do.
/// Throws the failure to read them.
std::optional<exit_code> read_options(const option_set& options,
                                      const std::vector<std::string>& arguments,
                                      const command_text& text, const console& to,
                                      const parse_context& with = {});

} // namespace leat
