// The command `certs`.
#pragma once

#include <leat/internal/cli/console.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace leat {

inline constexpr std::string_view certs_help = "make the certificates of a cluster";

/// Makes an authority (`certs init`) or the certificate of a node (`certs issue`), and prints which
/// files go where. Throws what keeps it from that.
exit_code certs_command(const std::vector<std::string>& arguments, const console& to);

} // namespace leat
