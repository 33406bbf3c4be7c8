#include <leat/internal/cli/inspect_command.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/checkpoint/inspection.hpp>
#include <leat/internal/checkpoint/posix_files.hpp>
#include <leat/internal/cli/commands.hpp>
#include <leat/json.hpp>
#include <leat/quantities.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

std::string date_of(processing_time t) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string plural(std::uint64_t n, std::string_view thing) {
  return fmt::format("{} {}{}", grouped(n), thing, n == 1 ? "" : "s");
}

constexpr std::size_t most_columns = 100;

// The ')' that belongs to the '(' there.
std::size_t closing(std::string_view text, std::size_t open) {
  std::size_t at = open;
  int depth = 0;
  do
    depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
  while (depth > 0 && ++at < text.size());
  return std::min(at, text.size() - 1);
}

// The text of a type, in lines of this indentation: what does not fit into one has a line for each
// field.
void append_type(std::string& to, std::string_view text, std::size_t indent) {
  const std::size_t open = text.find('(');
  if (indent + text.size() <= most_columns || open == std::string_view::npos) {
    to += text;
    return;
  }
  const std::size_t close = closing(text, open);
  to += text.substr(0, open + 1);
  for (std::size_t first = open + 1, at = first; at <= close; ++at) {
    if (text[at] == '(')
      at = closing(text, at);
    if (text[at] != ',' && at != close)
      continue;
    to += fmt::format("\n{:{}}", "", indent + 2);
    append_type(to, text.substr(first, at - first), indent + 2);
    if (at != close)
      to += ',';
    first = at + 1;
  }
  to += fmt::format("\n{:{}})", "", indent);
  append_type(to, text.substr(close + 1), indent);
}

// `kept`: the files that it is in; empty: its keys were counted.
void print_state(std::string& to, const inspected_state& s, const std::string& kept) {
  constexpr std::size_t indent = 6;
  const std::string size =
      kept.empty() ? plural(s.keys, "key") + ", " + plural(s.bytes, "byte") : "in " + kept;
  to += fmt::format("    state {}: {}, fingerprint {}\n{:{}}", shown(s.name), size, s.fingerprint,
                    "", indent);
  append_type(to, s.type, indent);
  to += '\n';
}

void print_subtask(std::string& to, const inspected_subtask& s) {
  const std::string kept = s.backend.empty() ? "" : plural(s.files, "file") + " of " + s.backend;
  to +=
      fmt::format("  {} {} of {}: {}{}{}{}\n", s.stage, s.subtask, s.subtasks,
                  plural(s.bytes, "byte"), s.ended ? ", ended" : "",
                  s.keys > 0 ? ", " + plural(s.keys, "key") : "", kept.empty() ? "" : ", " + kept);
  if (!s.damage.empty())
    to += fmt::format("    damaged: {}\n", s.damage);
  for (const inspected_split& split : s.splits)
    to += fmt::format("    split {} {}: {}{}{}{}\n", split.number, shown(split.name),
                      plural(split.records, "record"), split.ended ? ", ended" : "",
                      split.position.empty() ? "" : ", at " + split.position,
                      split.read_ahead > 0 ? ", " + plural(split.read_ahead, "byte") + " read ahead"
                                           : "");
  for (const inspected_state& state : s.states)
    print_state(to, state, kept);
  for (const inspected_output& output : s.outputs)
    to += fmt::format("    output of epoch {}: {}\n", output.epoch, plural(output.bytes, "byte"));
}

void print_checkpoint(std::string& to, const inspected_checkpoint& c) {
  to += c.name.empty() ? fmt::format("checkpoint {}", c.epoch)
                       : fmt::format("savepoint {} (checkpoint {})", shown(c.name), c.epoch);
  to += fmt::format(" of term {}, {} UTC{}\n  {}\n", c.term, date_of(c.time),
                    c.finished ? ", the job had finished" : "", c.path);
  for (const inspected_subtask& s : c.subtasks)
    print_subtask(to, s);
}

std::string as_text(const inspection& i) {
  std::string text = fmt::format("job {}\n", shown(i.job));
  for (const inspected_term& t : i.terms)
    text += fmt::format("term {}: process {} on host {}, {} UTC\n", t.slot, t.process, t.host,
                        date_of(t.time));
  for (const auto* list : {&i.checkpoints, &i.savepoints})
    for (const inspected_checkpoint& c : *list)
      print_checkpoint(text, c);
  for (const std::string& damage : i.damage)
    text += fmt::format("damage: {}\n", damage);
  return text;
}

std::string as_json(const inspection& i) {
  std::string text;
  append_json(text, i);
  return text + '\n';
}

void print_values(const std::string& path, const std::string& state, const console& to) {
  const auto slash = state.rfind('/');
  if (slash == std::string::npos)
    throw failure(user_error(fmt::format("--state: {} is not STAGE/NAME", shown(state))));
  posix_files files;
  const auto read =
      read_state_of(files, path, state.substr(0, slash), state.substr(slash + 1),
                    [&](const std::string& key, const std::string& value) {
                      to.print(fmt::format("{{\"key\":{},\"value\":{}}}\n", key, value));
                    });
  if (!read)
    throw failure(read.error());
}

} // namespace

exit_code inspect_command(const std::vector<std::string>& arguments, const console& to) {
  std::string path, state;
  bool json = false;
  option_set options;
  options
      .add("--checkpoint-dir PATH", path, "directory for checkpoints, one of them, or a savepoint")
      .required();
  options.add("--state STAGE/NAME", state, "print keys and values of a state instead");
  options.add("--json", json, "print JSON");
  if (const auto ended = read_options(options, arguments, {"inspect", inspect_help}, to))
    return *ended;
  if (!state.empty())
    return print_values(path, state, to), exit_done;
  posix_files files;
  const auto found = inspect(files, path);
  if (!found)
    throw failure(found.error());
  to.print(json ? as_json(*found) : as_text(*found));
  return found->damage.empty() ? exit_done : exit_failed;
}

} // namespace leat
