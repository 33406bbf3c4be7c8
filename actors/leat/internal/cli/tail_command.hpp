// The command `tail`.
#pragma once

#include <leat/connectors/files/part_folder.hpp>
#include <leat/internal/cli/console.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

inline constexpr std::string_view tail_help = "print the published parts of an output";

/// Prints the parts in a folder: their bytes, one after the other, but of equal head lines of CSV
/// the first one only.
class part_tail {
public:
  part_tail(std::string_view folder, std::FILE* to);

  /// Prints the parts that were published since the last call, in their order.
  result<void> print();

private:
  result<void> print(const part_name& part);

  part_folder folder_;
  bool has_heads_;
  std::FILE* to_;
  std::set<part_name> printed_;
  std::string head_; ///< the last one that was printed
};

/// Prints what is published of an output, or goes on with what will be, until it is interrupted.
/// Throws what keeps it from that.
exit_code tail_command(const std::vector<std::string>& arguments, const console& to);

} // namespace leat
