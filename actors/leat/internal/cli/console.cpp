#include <leat/internal/cli/console.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

void console::print(const std::string& text) const {
  std::fputs(text.c_str(), out);
  std::fflush(out);
}

void console::note(std::string_view text) const {
  std::fputs(fmt::format("{}: {}\n", program, text).c_str(), err);
  std::fflush(err);
}

// An error may be several, a line each, with hints under them.
void console::tell(const error& e) const {
  const std::string text = to_string(e);
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (line.starts_with("  "))
      std::fputs((line + '\n').c_str(), err);
    else
      note("error: " + line);
    begin = end + 1;
  }
  std::fflush(err);
}

exit_code console::refuse(const error& e) const {
  tell(e);
  return exit_refused;
}

} // namespace leat
