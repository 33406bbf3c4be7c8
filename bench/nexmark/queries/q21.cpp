// Query 21, channel ids: bids of four known channels, and of those whose URL names an id.
#include "../queries.hpp"

#include <array>

namespace nexmark {

namespace {

/// Of four known channels. Empty: it is another one.
std::string_view known_id(const std::string& name) {
  struct known_channel {
    std::string_view name; // in lower case
    std::string_view id;
  };
  static constexpr std::array<known_channel, 4> known{
      {{"apple", "0"}, {"google", "1"}, {"facebook", "2"}, {"baidu", "3"}}};
  const auto same_letter = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  };
  for (const auto& [lower, id] : known)
    if (std::ranges::equal(name, lower, same_letter))
      return id;
  return {};
}

/// What follows "&channel_id=", up to the next "&". Empty: it has none.
std::string_view id_in(std::string_view url) {
  constexpr std::string_view before = "&channel_id=";
  const std::size_t at = url.find(before);
  if (at == url.npos)
    return {};
  const std::string_view rest = url.substr(at + before.size());
  return rest.substr(0, rest.find('&'));
}

channeled_bid with_id(const bid& b) {
  const channel& c = channel_of(b.channel);
  std::string_view id = known_id(c.name);
  if (id.empty())
    id = id_in(c.url);
  return {b.auction, b.bidder, b.price, b.channel, std::string(id)};
}

} // namespace

leat::graph q21(const query_ends& ends) {
  leat::graph g{"q21"};
  bids(g, ends)
      .map("id", [](const bid& b) { return with_id(b); })
      .filter("has id", [](const channeled_bid& b) { return !b.channel_id.empty(); })
      .to("out", ends.sink<channeled_bid>());
  return g;
}

} // namespace nexmark
