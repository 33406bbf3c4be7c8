// Options of a command: declared once, from which parsing, errors and --help follow.
#pragma once

#include <leat/control/columns.hpp>
#include <leat/error.hpp>

#include <concepts>
#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

namespace leat {

/// Where an option's value goes. A bool is a flag without a value; a vector gets one value each
/// time the option is given.
using option_target = std::variant<std::string*, std::int64_t*, std::uint64_t*, double*, bool*,
                                   std::vector<std::string>*>;

template <class T>
concept option_value = std::constructible_from<option_target, T*>;

/// A declared option. Add with option_set::add.
struct option {
  std::string names;      ///< "--model", or "-m,--model"
  std::string value_name; ///< what stands for the value in help: FILE
  option_target target;
  std::string help;
  std::string heading = "Options"; ///< what it stands under in help
  bool is_required = false;

  /// The command cannot do without it.
  option& required() {
    is_required = true;
    return *this;
  }
  option& under(std::string text) {
    heading = std::move(text);
    return *this;
  }
};

/// What parsing has found.
enum class parsed { options, call_for_help };

/// The options of a command.
class option_set {
public:
  /// Declares an option: add("--model FILE", path, "the model that scores"). A name of one letter
  /// may stand before the long one: "-m,--model FILE". The variable must outlive the set; what it
  /// holds is the default, and help tells it unless it is empty or zero.
  template <option_value T>
  option& add(std::string_view flag, T& value, std::string help) {
    return add(flag, option_target{&value}, std::move(help));
  }

  /// Reads a command's arguments into the variables. Errors name the argument, and suggest what may
  /// have been meant.
  result<parsed> parse(const std::vector<std::string>& arguments) const;

  /// The options under their headings, in the order of their declaration.
  std::string help() const;

private:
  option& add(std::string_view flag, option_target target, std::string help);

  std::deque<option> options_; // a deque, so that references stay
};

/// How help is laid out, here and wherever it goes on.
inline constexpr column_layout help_layout{2, 26, 90};

} // namespace leat
