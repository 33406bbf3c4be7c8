// Query 14, calculation: bids of some prices in euros, with the time of day and a count of letters.
#include "../queries.hpp"

namespace nexmark {

namespace {

constexpr std::int64_t in_euros = 908; // thousandths

bool is_wanted(const bid& b) {
  const std::int64_t price = in_euros * b.price;
  return price > 1'000'000'000 && price < 50'000'000'000;
}

const char* time_of_day(leat::event_time t) {
  const auto hour = (t - std::chrono::floor<std::chrono::days>(t)) / std::chrono::hours{1};
  if (hour >= 8 && hour <= 18)
    return "dayTime";
  return hour <= 6 || hour >= 20 ? "nightTime" : "otherTime";
}

calculated_bid calculated(const bid& b) {
  const auto c_count = std::ranges::count(extra_of(b.extra), 'c');
  return {b.auction,
          b.bidder,
          in_euros * b.price,
          time_of_day(b.time),
          b.time,
          b.extra,
          static_cast<std::uint32_t>(c_count)};
}

} // namespace

leat::graph q14(const query_ends& ends) {
  leat::graph g{"q14"};
  bids(g, ends)
      .filter("wanted", [](const bid& b) { return is_wanted(b); })
      .map("calculated", [](const bid& b) { return calculated(b); })
      .to("out", ends.sink<calculated_bid>());
  return g;
}

} // namespace nexmark
