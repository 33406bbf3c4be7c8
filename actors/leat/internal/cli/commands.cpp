#include <leat/internal/cli/commands.hpp>

#include <leat/internal/cli/columns.hpp>

#include <fmt/format.h>

namespace leat {

bool asks_for_help(std::string_view argument) { return argument == "--help" || argument == "-h"; }

std::string help_of_commands(std::string_view name, std::string_view about,
                             const text_rows& commands) {
  return fmt::format("{}: {}\n\nUsage: {} COMMAND [OPTIONS]\n\nCommands:\n{}\n"
                     "{} COMMAND --help lists the options of a command.\n",
                     name, about, name, in_columns(commands, help_layout), name);
}

std::optional<exit_code> read_options(const option_set& options,
                                      const std::vector<std::string>& arguments,
                                      const command_text& text, const console& to,
                                      const parse_context& with) {
  const auto found = options.parse(arguments, with);
  if (!found)
    throw failure(found.error());
  if (*found == parsed::options)
    return {};
  to.print(fmt::format("{} {} [OPTIONS]: {}\n{}{}", to.program, text.name, text.help,
                       options.help(), text.footer));
  return exit_done;
}

} // namespace leat
