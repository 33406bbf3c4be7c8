#include <leat/options.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/cli/columns.hpp>
#include <leat/internal/cli/config_file.hpp>
#include <leat/scalar_text.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <numeric>

namespace leat {

namespace {

std::string long_name(const option& o) { return o.names.substr(o.names.find(',') + 1); }

bool is_of_stages(const option& o) { return o.value_name.starts_with("STAGE="); }

bool is_flag(const option& o) { return std::holds_alternative<bool*>(o.target); }

std::string usual_value_name(const option_target& t) {
  static constexpr const char* names[] = {"TEXT", "N", "N", "X", "", "TEXT"};
  return names[t.index()];
}

// --- reading ------------------------------------------------------------------------------------

// Data has types of its own; an option has just a number.
template <scalar T>
std::string invalid(parse_error fault, const std::string& text) {
  if (fault != parse_error::out_of_range)
    return parse_reason<T>(fault, text);
  if (text.starts_with('-') && std::is_unsigned_v<T>)
    return text + " is below 0";
  return text + (text.starts_with('-') ? " is too small" : " is too large");
}

template <scalar T>
result<void> read(const option& o, const std::vector<std::string>& given, T& value) {
  if (given.size() > 1 && !is_flag(o))
    return user_error(fmt::format("{} is given {} times", long_name(o), given.size()),
                      "it takes one value");
  if (const parse_error fault = parse_scalar(given.back(), value); fault != parse_error::none)
    return user_error(fmt::format("{}: {}", long_name(o), invalid<T>(fault, given.back())));
  if constexpr (floating<T>)
    if (!std::isfinite(value))
      return user_error(
          fmt::format("{}: \"{}\" is not a finite number", long_name(o), given.back()));
  return {};
}

result<void> read(const option&, const std::vector<std::string>& given,
                  std::vector<std::string>& values) {
  values = given;
  return {};
}

// The values of an option that is not given, as it would have been given them.
std::vector<std::string> usual_values(const option& o) {
  if (const auto* const text = std::get_if<std::string*>(&o.target); text && !(*text)->empty())
    return {**text};
  if (const auto* const list = std::get_if<std::vector<std::string>*>(&o.target))
    return **list;
  return {};
}

// --- wrong names --------------------------------------------------------------------------------

// Levenshtein's distance, row by row.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, diagonal + 1, replaced});
    }
  }
  return row.back();
}

// The name of the option that may have been meant; empty if none is near.
std::string nearest(std::string_view name, const std::deque<option>& options) {
  std::string best;
  std::size_t fewest = name.size() / 3 + 1; // more than that is another word
  for (const option& o : options)
    if (const std::size_t edits = edits_between(name, long_name(o)); edits < fewest) {
      best = long_name(o);
      fewest = edits;
    }
  return best;
}

error unexpected(const std::string& argument, const std::deque<option>& options) {
  if (!argument.starts_with('-') || argument == "--")
    return user_error(fmt::format("unexpected argument {}", shown(argument)),
                      "options begin with --, and each takes one value");
  const std::string name = argument.substr(0, argument.find('='));
  const std::string meant = nearest(name, options);
  return user_error(fmt::format("unknown option {}", shown(name)),
                    meant.empty() ? std::string("--help lists the options")
                                  : fmt::format("did you mean {}?", meant));
}

error unknown_key(const config_value& v, const std::deque<option>& options) {
  const std::string meant = nearest("--" + v.key, options);
  return user_error(fmt::format("{}: unknown key {}", v.place, shown(v.key)),
                    meant.empty() ? "keys are the names of options without --; --help lists them"
                                  : fmt::format("did you mean {}?", meant.substr(2)));
}

// --- values of a configuration file -------------------------------------------------------------

std::string stage_of(const std::string& assignment) {
  return assignment.substr(0, assignment.find('='));
}

result<void> check_kind(const config_value& v, const option& o) {
  const auto wrong = [&](std::string_view what, std::string hint) {
    return user_error(fmt::format("{}: {} {}", v.place, v.key, what), std::move(hint));
  };
  if (o.is_config)
    return wrong("cannot be set in a configuration file", "give it on the command line");
  if (!v.stage.empty() && !is_of_stages(o))
    return wrong("is not an option of a stage", "set it before the first table");
  if (is_flag(o) != v.is_bool)
    return wrong(is_flag(o) ? "must be true or false" : "takes a value, not true or false", {});
  return {};
}

// What the file has for stages that the command line does not name.
void add_for_stages(const config_value& v, const option& o,
                    const std::vector<std::string>& on_command_line,
                    std::vector<std::string>& given, option_places& places) {
  for (const std::string& text : v.values) {
    const std::string value = v.stage.empty() ? text : v.stage + "=" + text;
    const std::string stage = stage_of(value);
    if (std::ranges::any_of(on_command_line,
                            [&](const std::string& s) { return stage_of(s) == stage; }))
      continue;
    places[long_name(o)] = places[long_name(o) + " " + stage] = v.place;
    given.push_back(value);
  }
}

void add_from_file(const config_value& v, const option& o,
                   const std::vector<std::string>& on_command_line, std::vector<std::string>& given,
                   option_places& places) {
  if (is_of_stages(o))
    return add_for_stages(v, o, on_command_line, given, places);
  if (!on_command_line.empty())
    return;
  places[long_name(o)] = v.place;
  for (const std::string& text : v.values)
    if (!is_flag(o) || text == "true") // a flag that is not given is false
      given.push_back(text);
}

// --- help ---------------------------------------------------------------------------------------

std::string text_of(const std::string& s) { return s; }
std::string text_of(const std::vector<std::string>& v) {
  return fmt::format("{}", fmt::join(v, ", "));
}
std::string text_of(bool) { return {}; }
template <class Number>
std::string text_of(Number n) {
  return n == Number{} ? "" : fmt::format("{}", n);
}

std::pair<std::string, std::string> help_row(const option& o) {
  std::string label = o.names;
  if (const auto comma = label.find(','); comma != label.npos)
    label.insert(comma + 1, " ");
  if (!o.value_name.empty())
    label += " " + o.value_name;
  std::string text = o.help;
  if (o.is_required)
    text += " (required)";
  else if (const auto value = std::visit([](const auto* v) { return text_of(*v); }, o.target);
           !value.empty())
    text += fmt::format(" (default: {})", value);
  return {std::move(label), std::move(text)};
}

} // namespace

option& option_set::add(std::string_view flag, option_target target, std::string help) {
  const auto space = flag.find(' ');
  option o{std::string(flag.substr(0, space)), usual_value_name(target), target, std::move(help)};
  if (space != flag.npos)
    o.value_name = flag.substr(space + 1);
  return options_.emplace_back(std::move(o));
}

result<parsed> option_set::parse(const std::vector<std::string>& arguments,
                                 const parse_context& with) const {
  // The library splits the arguments; what they mean is read here, for errors of one kind.
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<CLI::Option*> found;
  try {
    const CLI::Option* help = app.add_flag("-h,--help");
    for (const option& o : options_) {
      found.push_back(is_flag(o) ? app.add_flag(o.names) : app.add_option(o.names));
      found.back()->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    if (help->count() > 0)
      return parsed::call_for_help;
  } catch (const CLI::ArgumentMismatch&) { // the arguments ended where a value should be
    return user_error(fmt::format("{} needs a value", arguments.back()));
  } catch (const CLI::Error& e) {
    return internal_error(fmt::format("an option is declared wrongly: {}", e.what()));
  }

  if (const auto left = app.remaining(); !left.empty())
    return unexpected(left.front(), options_);
  given_values given;
  for (const CLI::Option* o : found)
    given.push_back(o->results());
  option_places from_file;
  find_files(given, &option::is_config, with);
  if (const auto done = read_config_into(given, with.others, from_file); !done)
    return done.error();
  for (std::size_t i = 0; i < options_.size(); ++i) // a default may name a file, too
    if (options_[i].is_sent && !options_[i].is_required && given[i].empty())
      given[i] = usual_values(options_[i]);
  find_files(given, &option::is_sent, with);
  if (with.places)
    *with.places = from_file;
  for (std::size_t i = 0; i < options_.size(); ++i) {
    const option& o = options_[i];
    if (given[i].empty() && o.is_required)
      return user_error(fmt::format("{} is missing", long_name(o)),
                        fmt::format("{} {}: {}", long_name(o), o.value_name, o.help));
    if (given[i].empty())
      continue;
    const auto done = std::visit([&](auto* value) { return read(o, given[i], *value); }, o.target);
    if (!done)
      return placed(done.error(), from_file);
  }
  return parsed::options;
}

// Of options of this kind: what has been received from elsewhere is read where it is here, and what
// is here is noted.
void option_set::find_files(given_values& given, bool option::*kind,
                            const parse_context& with) const {
  for (std::size_t i = 0; i < options_.size(); ++i) {
    if (!(options_[i].*kind))
      continue;
    for (std::string& path : given[i]) {
      std::error_code unknown;
      if (with.sent && std::filesystem::is_regular_file(path, unknown))
        with.sent->push_back(path);
      if (with.received && with.received->contains(path))
        path = with.received->at(path);
    }
  }
}

std::size_t option_set::index_of(std::string_view name) const {
  const auto found = std::ranges::find(options_, name, long_name);
  return static_cast<std::size_t>(found - options_.begin());
}

// Adds the values of the configuration file, if one is named, where the command line has none.
result<void> option_set::read_config_into(given_values& given, const option_set* others,
                                          option_places& places) const {
  const auto config = std::ranges::find(options_, true, &option::is_config);
  if (config == options_.end() || given[config - options_.begin()].empty())
    return {};
  const auto values = read_config(given[config - options_.begin()].back());
  if (!values)
    return values.error();
  const given_values on_command_line = given;
  for (const config_value& v : *values) {
    const std::size_t i = index_of("--" + v.key);
    if (i == options_.size() && others && others->index_of("--" + v.key) < others->options_.size())
      continue;
    if (i == options_.size())
      return unknown_key(v, options_);
    if (auto fits = check_kind(v, options_[i]); !fits)
      return fits;
    add_from_file(v, options_[i], on_command_line[i], given[i], places);
  }
  return {};
}

error placed(error e, const option_places& places) {
  const std::string* best = nullptr;
  std::size_t longest = 0;
  for (const auto& [name, place] : places)
    if (e.what.starts_with(name) && name.size() >= longest &&
        (e.what.size() == name.size() || e.what[name.size()] == ':' ||
         e.what[name.size()] == ' ')) {
      best = &place;
      longest = name.size();
    }
  if (best)
    e.what = *best + ": " + e.what;
  return e;
}

std::string option_set::help() const {
  std::vector<std::string> headings;
  for (const option& o : options_)
    if (std::find(headings.begin(), headings.end(), o.heading) == headings.end())
      headings.push_back(o.heading);
  std::string text;
  for (const std::string& heading : headings) {
    text_rows rows;
    for (const option& o : options_)
      if (o.heading == heading)
        rows.push_back(help_row(o));
    text += fmt::format("\n{}:\n{}", heading, in_columns(rows, help_layout));
  }
  return text;
}

} // namespace leat
