// Where a program talks to people, and what it ends with.
#pragma once

#include <leat/run.hpp>

#include <cstdio>
#include <string>
#include <string_view>

namespace leat {

/// A program's two streams, and the name before what it says. That nobody listens is no error: a
/// job must not end because of it.
struct console {
  std::string program;
  std::FILE* out;
  std::FILE* err;

  /// Prints a result.
  void print(const std::string& text) const;
  /// "program: text", for whoever watches.
  void note(std::string_view text) const;
  /// "program: error: what", and hints under it.
  void tell(const error& e) const;
  /// Tells the error that keeps the program from doing anything.
  exit_code refuse(const error& e) const;
};

} // namespace leat
