// Query 11, user sessions: the bids of each bidder until there is none for ten seconds.
#include "../queries.hpp"

namespace nexmark {

leat::graph q11(const query_ends& ends) {
  leat::graph g{"q11"};
  using session = leat::windowed<std::int64_t, std::uint64_t>;
  bids(g, ends)
      .key_by([](const bid& b) { return b.bidder; })
      .window("sessions", leat::session(std::chrono::seconds{10}))
      .aggregate<leat::count>()
      .map("count",
           [](const session& s) {
             return bidder_count{s.key, s.result, s.start, s.end};
           })
      .to("out", ends.sink<bidder_count>());
  return g;
}

} // namespace nexmark
