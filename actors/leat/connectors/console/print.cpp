#include <leat/connectors/console/print.hpp>

#include <cerrno>
#include <system_error>

namespace leat {
namespace {

error print_error(int code) {
  return external_error("cannot print: " + std::generic_category().message(code),
                        "is the output still read?");
}

} // namespace

/// In one call, so that no other line comes between.
result<void> print_sink::put() {
  if (std::fwrite(text_.data(), 1, text_.size(), to_) != text_.size())
    return print_error(errno);
  return {};
}

result<void> print_sink::flush() {
  if (std::fflush(to_) != 0)
    return print_error(errno);
  return {};
}

} // namespace leat
