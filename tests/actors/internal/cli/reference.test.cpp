// docs/reference/command-line.md and --help say one thing.
#include "support/program.hpp"

#include <filesystem>
#include <regex>
#include <sstream>

using namespace support;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

/// What is found first behind `head` up to the next heading of the page.
std::string section(const std::string& head) {
  static const std::string page = content_of(
      (std::filesystem::path(__FILE__).parent_path() / "../../../../docs/reference/command-line.md")
          .string());
  const auto begin = page.find(head);
  REQUIRE(begin != std::string::npos);
  return page.substr(begin, page.find("\n## ", begin + 1) - begin);
}

/// A row of help or of a table: "--rate R" or "record", and the default that is told.
using told = std::pair<std::string, std::string>;

std::vector<told> rows_of_page(const std::string& text, const std::string& first_cell) {
  const std::regex row("\\| `(" + first_cell + ")` \\| [^|]* \\| ([^|]*) \\| .*");
  std::vector<told> rows;
  std::smatch found;
  for (const std::string& line : lines_of(text))
    if (std::regex_match(line, found, row))
      rows.emplace_back(found[1], std::regex_replace(found[2].str(), std::regex("`|–|,.*"), ""));
  return rows;
}

std::vector<told> options_of_help(std::vector<std::string> command) {
  command.push_back("--help");
  std::string text =
      std::regex_replace(scoring(command).out, std::regex("\n {6,}"), " "); // one line a row
  text = text.substr(0, text.find("\nSPEC"));
  const std::regex row("  (--[a-z-]+(?: [A-Z=:/]+)?) .*");
  const std::regex stated("\\(default: ([^)]*)\\)");
  std::vector<told> rows;
  std::smatch found;
  for (const std::string& line : lines_of(text))
    if (std::regex_match(line, found, row) && !has(line, "  --model FILE")) { // the graph's own
      rows.emplace_back(found[1], "");
      if (std::regex_search(line, found, stated))
        rows.back().second = found[1];
    }
  return rows;
}

} // namespace

TEST_CASE("the reference lists the options that --help lists, with the same defaults") {
  for (const char* command :
       {"run", "describe", "coordinator", "worker", "savepoint", "inspect", "tail"}) {
    const auto on_page =
        rows_of_page(section("## Options of `" + std::string(command) + '`'), "--[^`]*");
    CHECK(on_page.size() >= 2);
    CHECK(on_page == options_of_help({command}));
  }
}

TEST_CASE("the reference lists the options of certs") {
  std::vector<told> all = options_of_help({"certs", "init"});
  for (const told& row : options_of_help({"certs", "issue"}))
    all.push_back(row);
  for (told& row : all)
    if (row.second == "scoring")
      row.second = "the program's name";
  CHECK(all.size() == 6);
  CHECK(rows_of_page(section("## Certificates"), "--[^`]*") == all);
}

TEST_CASE("the reference lists the commands and specs that --help lists") {
  const auto first_of = [](const std::string& text, const std::regex& row) {
    std::vector<std::string> all;
    std::smatch found;
    for (const std::string& line : lines_of(text))
      if (std::regex_match(line, found, row))
        all.push_back(found[1]);
    return all;
  };
  const std::string help = scoring({"run", "--help"}).out;
  CHECK(first_of(section("A SPEC is one of"), std::regex("\\| `([^`]+)` \\|.*")) ==
        first_of(help.substr(help.find("\nSPEC")), std::regex("  ([a-z]\\S*) .*")));

  auto commands = first_of(scoring({"--help"}).out, std::regex("  ([a-z]+  .*)"));
  commands.pop_back(); // the program's own
  auto on_page = first_of(section("# Command line"), std::regex("\\| (`[a-z]+` \\| .*) \\|"));
  for (std::string& row : on_page)
    row = std::regex_replace(row, std::regex("`([a-z]+)` \\| "), "$1  ");
  for (std::string& row : commands)
    row = std::regex_replace(row, std::regex(" {2,}"), "  ");
  CHECK(on_page == commands);
}
