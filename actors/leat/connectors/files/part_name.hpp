// The names of parts: the files that together are the output of a sink with checkpoints.
#pragma once

#include <leat/detail/transport/barrier.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leat {

/// Which part of an output a file is. Parts are ordered by epoch, subtask and number.
struct part_name {
  epoch of = 0;
  std::uint64_t subtask = 0;
  std::uint64_t number = 0; ///< among those of its epoch and subtask

  friend auto operator<=>(const part_name&, const part_name&) = default;
};

/// "part-2-17.csv", and "part-2-17-1.csv" for the second one of an epoch.
std::string file_name(const part_name& part, std::string_view extension);

/// The part that a file name, with any extension, stands for.
std::optional<part_name> part_of(std::string_view file_name);

/// By which the files of folders are sorted: paths by their bytes, but parts of one folder in their
/// order.
bool comes_before(const std::string& path, const std::string& other);

} // namespace leat
