// Options of a command: declared once, from which parsing, errors and --help follow.
#pragma once

#include <leat/error.hpp>

#include <concepts>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace leat {

/// Labels and values. An empty label continues the row above.
using text_rows = std::vector<std::pair<std::string, std::string>>;

/// The variable of an option. A bool is a flag without a value; a vector gets one value each
/// time the option is given.
using option_target = std::variant<std::string*, std::int64_t*, std::uint64_t*, double*, bool*,
                                   std::vector<std::string>*>;

template <class T>
concept option_value = std::constructible_from<option_target, T*>;

/// A declared option. Add with option_set::add.
struct option {
  std::string names;      ///< "--model", or "-m,--model"
  std::string value_name; ///< name of the value in --help: FILE
  option_target target;
  std::string help;
  std::string heading = "Options"; ///< the heading in --help
  bool is_required = false;
  bool is_config = false;
  bool is_sent = false;

  /// The command fails without it.
  option& required() {
    is_required = true;
    return *this;
  }
  /// Its value names a configuration file (leat/internal/cli/config_file.hpp), which gives the
  /// values that the command line does not.
  option& names_config() {
    is_config = true;
    return *this;
  }
  /// Its value names a file that every node reads, such as a model: a coordinator sends it to
  /// workers on other hosts. A configuration file is sent, too.
  option& sent_to_workers() {
    is_sent = true;
    return *this;
  }
  option& under(std::string text) {
    heading = std::move(text);
    return *this;
  }
};

class option_set;

/// The result of parsing.
enum class parsed { options, call_for_help };

/// The places of values that come from a configuration file, by option: {"--rate", "job.toml:3:1"};
/// and by option and stage: {"--window pane", "job.toml:7:1"}.
using option_places = std::map<std::string, std::string>;

/// The error, preceded by the place of the option's value if that comes from a file. Errors about
/// an option begin with the option's name.
error placed(error e, const option_places& places);

/// What a command line is read with besides its arguments. All may be left out.
struct parse_context {
  const option_set* others = nullptr; ///< of other commands, which a configuration file serves too
  option_places* places = nullptr;    ///< receives the places of the file's values
  /// Where files that were sent are here, by the path in the arguments.
  const std::map<std::string, std::string>* received = nullptr;
  std::vector<std::string>* sent = nullptr; ///< receives the paths of files to be sent
};

/// The options of a command.
class option_set {
public:
  /// Declares an option: add("--model FILE", path, "the model that scores"). A name of one letter
  /// may stand before the long one: "-m,--model FILE". The variable must outlive the set; its
  /// value is the default, which --help shows unless it is empty or zero.
  template <option_value T>
  option& add(std::string_view flag, T& value, std::string help) {
    return add(flag, option_target{&value}, std::move(help));
  }

  /// Reads a command's arguments into the variables, then the configuration file if they name one:
  /// a value on the command line overrides the file's. An option whose value begins with STAGE= is
  /// overridden stage by stage. Errors name the argument, or the place in the file, and suggest a
  /// correction.
  result<parsed> parse(const std::vector<std::string>& arguments,
                       const parse_context& with = {}) const;

  /// The options under their headings, in the order of their declaration.
  std::string help() const;

private:
  using given_values = std::vector<std::vector<std::string>>; ///< by option

  option& add(std::string_view flag, option_target target, std::string help);
  /// options_.size() if there is no such option.
  std::size_t index_of(std::string_view long_name) const;
  void find_files(given_values& given, bool option::*kind, const parse_context& with) const;
  result<void> read_config_into(given_values& given, const option_set* others,
                                option_places& places) const;

  std::deque<option> options_; // a deque, so that references stay
};

} // namespace leat
