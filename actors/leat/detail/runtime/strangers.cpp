#include <leat/detail/runtime/strangers.hpp>

#include <cstdio>
#include <fmt/format.h>

namespace leat {

void strangers::ignore(std::string_view by) {
  if (count_++ == 0)
    fmt::print(stderr,
               "{}: a message was ignored: its sender is not one of those it was wired to\n", by);
}

} // namespace leat
