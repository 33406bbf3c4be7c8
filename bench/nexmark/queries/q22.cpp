// Query 22, URL folders: bids with the three folders of their channel's URL.
#include "../queries.hpp"

namespace nexmark {

namespace {

/// Takes what precedes the next "/", and that, from a text.
std::string_view take_part(std::string_view& text) {
  const std::size_t size = text.find('/');
  const std::string_view part = text.substr(0, size);
  text = size == text.npos ? std::string_view{} : text.substr(size + 1);
  return part;
}

located_bid located(const bid& b) {
  std::string_view rest = channel_of(b.channel).url;
  for (int i = 0; i < 3; ++i)
    take_part(rest); // "https:", nothing, the host
  located_bid to{b.auction, b.bidder, b.price, b.channel, {}, {}, {}};
  to.folder1 = take_part(rest);
  to.folder2 = take_part(rest);
  to.folder3 = take_part(rest);
  return to;
}

} // namespace

leat::graph q22(const query_ends& ends) {
  leat::graph g{"q22"};
  bids(g, ends)
      .map("folders", [](const bid& b) { return located(b); })
      .to("out", ends.sink<located_bid>());
  return g;
}

} // namespace nexmark
