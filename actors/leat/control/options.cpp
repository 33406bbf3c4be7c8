#include <leat/control/options.hpp>

#include <leat/scalar_text.hpp>
#include <leat/utf8.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

namespace leat {

namespace {

std::string long_name(const option& o) { return o.names.substr(o.names.find(',') + 1); }

bool is_flag(const option& o) { return std::holds_alternative<bool*>(o.target); }

std::string usual_value_name(const option_target& t) {
  static constexpr const char* names[] = {"TEXT", "N", "N", "X", "", "TEXT"};
  return names[t.index()];
}

// --- reading ------------------------------------------------------------------------------------

template <scalar T>
result<void> read(const option& o, const std::vector<std::string>& given, T& value) {
  if (given.size() > 1 && !is_flag(o))
    return user_error(fmt::format("{} is given {} times", long_name(o), given.size()),
                      "it takes one value");
  if (const parse_error fault = parse_scalar(given.back(), value); fault != parse_error::none)
    return user_error(fmt::format("{}: {}", long_name(o), parse_reason<T>(fault, given.back())));
  if constexpr (floating<T>)
    if (!std::isfinite(value))
      return user_error(
          fmt::format("{}: \"{}\" is not a number to work with", long_name(o), given.back()));
  return {};
}

result<void> read(const option&, const std::vector<std::string>& given,
                  std::vector<std::string>& values) {
  values = given;
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

error unexpected(const std::string& argument, const std::deque<option>& options) {
  if (!argument.starts_with('-') || argument == "--")
    return user_error(fmt::format("unexpected argument {}", shown(argument)),
                      "options begin with --, and each takes one value");
  const std::string name = argument.substr(0, argument.find('='));
  const option* nearest = nullptr;
  std::size_t fewest = name.size() / 3 + 1; // more than that is another word
  for (const option& o : options)
    if (const std::size_t edits = edits_between(name, long_name(o)); edits < fewest) {
      nearest = &o;
      fewest = edits;
    }
  return user_error(fmt::format("unknown option {}", shown(name)),
                    nearest ? fmt::format("did you mean {}?", long_name(*nearest))
                            : std::string("--help lists the options"));
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

result<parsed> option_set::parse(const std::vector<std::string>& arguments) const {
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
  for (std::size_t i = 0; i < options_.size(); ++i) {
    const option& o = options_[i];
    const auto& given = found[i]->results();
    if (given.empty() && o.is_required)
      return user_error(fmt::format("{} is missing", long_name(o)),
                        fmt::format("{} {}: {}", long_name(o), o.value_name, o.help));
    if (given.empty())
      continue;
    const auto done = std::visit([&](auto* value) { return read(o, given, *value); }, o.target);
    if (!done)
      return done.error();
  }
  return parsed::options;
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
