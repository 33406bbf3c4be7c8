// Prints records as lines of JSON.
#pragma once

#include <leat/error.hpp>
#include <leat/json.hpp>

#include <cstdio>
#include <span>
#include <string>

namespace leat {

/// Prints records, or scored records, as lines of JSON, each after a prefix:
/// leat::print_sink{"alert "}. Lines of several subtasks and sinks do not mix within a line.
class print_sink {
public:
  static constexpr bool blocking = true; ///< a terminal or a pipe may block
  static constexpr bool publishes_as_it_goes = true;

  /// The stream must outlive the job.
  explicit print_sink(std::string prefix = {}, std::FILE* to = stdout)
      : prefix_(std::move(prefix)), to_(to) {}

  template <class T>
  result<void> write(std::span<const T> records) {
    text_.clear();
    for (const T& r : records) {
      append_json(text_ += prefix_, r);
      text_ += '\n';
    }
    return put();
  }

  result<void> flush();

private:
  result<void> put();

  std::string prefix_;
  std::FILE* to_;
  std::string text_; ///< lines on their way out
};

} // namespace leat
