#include <leat/run.hpp>

#include <leat/utf8.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

constexpr std::string_view run_help =
    "runs the graph until its input ends, or until it is stopped by Ctrl-C";
constexpr std::string_view describe_help =
    "prints the graph: its stages and what travels between them";

bool asks_for_help(std::string_view argument) { return argument == "--help" || argument == "-h"; }

} // namespace

program::program(std::string name, std::string description)
    : description_(std::move(description)), console_{std::move(name), stdout, stderr} {}

void program::graph(std::function<leat::graph()> make) { make_ = std::move(make); }

option_set& program::command(std::string name, std::string help,
                             std::function<result<void>()> action) {
  commands_.push_back({std::move(name), std::move(help), std::move(action), {}});
  return commands_.back().options;
}

void program::after_run(std::function<text_rows(const job_report&)> rows) {
  after_run_ = std::move(rows);
}

void program::print_to(std::FILE* out, std::FILE* err) { console_.out = out, console_.err = err; }

int program::main(int argc, char** argv) {
  try {
    return obey(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
  } catch (const failure& f) {
    console_.tell(f.error());
    return f.error().domain == error_domain::user ? exit_refused : exit_failed;
  } catch (const std::exception& e) {
    console_.tell(internal_error(e.what()));
    return exit_failed;
  } catch (...) {
    console_.tell(internal_error("something was thrown that is no std::exception"));
    return exit_failed;
  }
}

exit_code program::obey(const std::vector<std::string>& arguments) {
  if (arguments.empty())
    return console_.refuse(
        user_error("no command", fmt::format("{} --help lists the commands", console_.program)));
  const std::string& name = arguments.front();
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (asks_for_help(name)) {
    console_.print(help());
    return exit_done;
  }
  if (make_ && name == "run")
    return run(rest);
  if (make_ && name == "describe")
    return describe(rest);
  for (const own_command& c : commands_)
    if (c.name == name)
      return act(c, rest);
  std::vector<std::string> names;
  for (const auto& [each, text] : commands())
    names.push_back(each);
  return console_.refuse(
      user_error(fmt::format("{} is no command", shown(name)),
                 fmt::format("the command comes first: {}", fmt::join(names, ", "))));
}

exit_code program::run(const std::vector<std::string>& arguments) {
  option_set all = graph_options_;
  run_settings settings;
  settings.declare(all);
  if (const auto ended =
          read(all, arguments, "run", run_help, run_settings::specs(), nullptr, &settings.places))
    return *ended;
  return run_command(make_, settings, after_run_, console_);
}

exit_code program::describe(const std::vector<std::string>& arguments) {
  option_set all = graph_options_;
  describe_settings settings;
  settings.declare(all);
  option_set of_run; // a configuration file serves both commands
  run_settings unused;
  unused.declare(of_run);
  if (const auto ended = read(all, arguments, "describe", describe_help, describe_settings::specs(),
                              &of_run, &settings.places))
    return *ended;
  return describe_command(make_, settings, console_);
}

exit_code program::act(const own_command& c, const std::vector<std::string>& arguments) {
  if (const auto ended = read(c.options, arguments, c.name, c.help))
    return *ended;
  if (const auto done = c.action(); !done)
    throw failure(done.error());
  return exit_done;
}

// Reads a command's options. With an exit code there is nothing more to do.
std::optional<exit_code> program::read(const option_set& options,
                                       const std::vector<std::string>& arguments,
                                       std::string_view name, std::string_view help,
                                       std::string_view footer, const option_set* others,
                                       option_places* places) const {
  const auto found = options.parse(arguments, others, places);
  if (!found)
    throw failure(found.error());
  if (*found == parsed::options)
    return {};
  console_.print(fmt::format("{} {} [OPTIONS]: {}\n{}{}", console_.program, name, help,
                             options.help(), footer));
  return exit_done;
}

std::string program::help() const {
  return fmt::format("{}: {}\n\nUsage: {} COMMAND [OPTIONS]\n\nCommands:\n{}\n"
                     "{} COMMAND --help tells a command's options.\n",
                     console_.program, description_, console_.program,
                     in_columns(commands(), help_layout), console_.program);
}

text_rows program::commands() const {
  text_rows rows;
  if (make_) {
    rows.emplace_back("run", run_help);
    rows.emplace_back("describe", describe_help);
  }
  for (const own_command& c : commands_)
    rows.emplace_back(c.name, c.help);
  return rows;
}

int run(graph g, int argc, char** argv) {
  program p{g.name(), fmt::format("Runs the graph {}.", g.name())};
  p.graph([&] { return g; });
  return p.main(argc, argv);
}

} // namespace leat
