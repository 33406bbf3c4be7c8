#include <leat/internal/cluster/join_protocol.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/net/tcp.hpp>
#include <leat/internal/trust/node_identity.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

constexpr std::size_t most_labels = 64;
constexpr std::size_t longest_label = 63;

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= longest_label &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != ','; });
}

} // namespace

result<void> check_labels(const std::vector<std::string>& labels) {
  if (labels.size() > most_labels)
    return user_error(
        fmt::format("{} labels exceed the maximum of {}", labels.size(), most_labels));
  for (const std::string& label : labels)
    if (!is_label(label))
      return user_error(fmt::format("invalid label {}", shown(label)),
                        "1 to 63 printable characters of ASCII, without spaces and commas");
  return {};
}

result<void> check(const joined_node& n) {
  if (auto good = check_node_name(n.name); !good)
    return good;
  if (n.slots < 1 || n.slots > most_slots)
    return user_error(fmt::format("{} slots are not between 1 and {}", n.slots, most_slots));
  if (auto good = check_labels(n.labels); !good)
    return good;
  const auto address = node_address::parse(n.address);
  if (!address)
    return address.error();
  if (address->is_wildcard())
    return user_error(fmt::format("others cannot connect to {}", n.address),
                      "--listen with an address of this host");
  return {};
}

} // namespace leat
