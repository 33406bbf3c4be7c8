#include <leat/stamp.hpp>

#include <leat/error.hpp>

namespace leat::detail {

void path_overflow() {
  throw failure(user_error(
      "the stamp of a derived record exceeds " + std::to_string(stamp_path::most_bits) + " bits",
      "each flat_map and operator between source and sink adds to it, by the number of records "
      "that it emits for one: nest fewer of them"));
}

} // namespace leat::detail
