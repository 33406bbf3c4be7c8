// The references of queries that are more than a loop, over a few events that are made by hand.
#include "nexmark/reference.hpp"

#include "nexmark/results.hpp"
#include "nexmark/texts.hpp"

#include "support/catch.hpp"

using namespace nexmark;

namespace {

leat::event_time at(double seconds) {
  return leat::from_micros(static_cast<std::int64_t>(seconds * 1e6));
}

event seller(std::int64_t id, double time, text_number texts = 0) {
  return event_of(person{id, at(time), texts});
}

event opened(std::int64_t id, std::int64_t by, double time, double end,
             std::int64_t category = 10) {
  return event_of(auction{id, by, category, 1, 2, at(time), at(end), 0});
}

event offered(std::int64_t of, std::int64_t by, std::int64_t price, double time,
              std::uint32_t channel = 0) {
  return event_of(bid{of, by, price, at(time), channel, 0});
}

/// Texts of a person from this state.
text_number from(std::string_view state) {
  text_number n = 0;
  while (state_of(n) != state)
    n += 1ULL << 48U;
  return n;
}

/// Of a query: these results, in any order.
template <class R>
void expect(std::string_view query, const std::vector<event>& events, std::vector<R> results) {
  INFO(query);
  std::vector<result_line> lines;
  for (const R& r : results)
    lines.push_back(line_of(r));
  CHECK(reference(query, events) == final_results(lines));
}

} // namespace

TEST_CASE("q3 joins people of three states with auctions of a category, whichever comes first") {
  const text_number local = from("ID");
  const local_auction one{name_of(local), std::string(city_of(local)), "ID", 100};
  local_auction two = one;
  two.auction = 101;
  expect<local_auction>("q3",
                        {opened(100, 1, 0, 9), seller(1, 1, local), opened(101, 1, 2, 9),
                         opened(102, 1, 3, 9, 11), seller(2, 4, from("WY")), opened(103, 2, 5, 9)},
                        {one, two});
}

TEST_CASE("q4, q6 and q9 take the best bid while the auction was open") {
  const std::vector<event> events{
      opened(100, 1, 10, 20),    opened(101, 1, 10, 15),  opened(102, 2, 10, 20, 11),
      opened(103, 2, 10, 20),    offered(100, 7, 50, 9),  // too early
      offered(100, 7, 30, 10),   offered(100, 8, 30, 20), // the same price later
      offered(100, 8, 90, 20.5),                          // too late
      offered(101, 8, 41, 12),   offered(102, 8, 5, 12),  offered(999, 8, 5, 12)};
  const auto won = [&](std::size_t bid, std::size_t of) {
    return joined(as_bid(events[bid]), as_auction(events[of]));
  };
  expect<auction_bid>("q9", events, {won(5, 0), won(8, 1), won(9, 2)});
  expect<category_price>("q4", events, {{10, 35}, {11, 5}});
  expect<seller_price>("q6", events, {{1, 41}, {1, 35}, {2, 5}}); // 101 ends before 100
}

TEST_CASE("q6 takes the last ten auctions of a seller") {
  std::vector<event> events;
  std::vector<seller_price> means;
  for (std::int64_t n = 0; n < 12; ++n) {
    const auto time = static_cast<double>(n);
    events.push_back(opened(n, 1, time, time + 0.5));
    events.push_back(offered(n, 2, 100 * n, time));
    means.push_back({1, n < 10 ? 50 * n : 100 * n - 450});
  }
  expect("q6", events, means);
}

TEST_CASE("q5 counts bids in windows of ten seconds, each two seconds") {
  expect<hot_auction>("q5", {offered(100, 1, 1, 3), offered(101, 1, 1, 3.5), offered(101, 1, 1, 4)},
                      {{100, 1, at(4)},
                       {101, 1, at(4)},
                       {101, 2, at(6)},
                       {101, 2, at(8)},
                       {101, 2, at(10)},
                       {101, 2, at(12)},
                       {101, 1, at(14)}});
}

TEST_CASE("q7 takes all bids of the highest price in each ten seconds") {
  const std::vector<event> events{offered(100, 1, 5, 0), offered(101, 1, 9, 1),
                                  offered(102, 1, 9, 9.999), offered(103, 1, 7, 10)};
  expect<bid>("q7", events, {as_bid(events[1]), as_bid(events[2]), as_bid(events[3])});
}

TEST_CASE("q8 takes people who open an auction in the window in which they came") {
  expect<new_seller>("q8",
                     {seller(1, 1), opened(100, 1, 9, 20), opened(101, 1, 9.5, 20), seller(2, 9),
                      opened(102, 2, 10, 20)},
                     {{1, name_of(0), at(0)}});
}

TEST_CASE("q11 closes a session after ten seconds without bids") {
  expect<bidder_count>(
      "q11",
      {offered(100, 1, 1, 0), offered(100, 2, 1, 5), offered(100, 1, 1, 10),
       offered(100, 1, 1, 20.001)},
      {{1, 2, at(0), at(20)}, {2, 1, at(5), at(15)}, {1, 1, at(20.001), at(30.001)}});
}

TEST_CASE("q12 counts all bids of a bidder") {
  expect<bidder_count>("q12",
                       {offered(100, 1, 1, 0), offered(100, 2, 1, 5), offered(100, 1, 1, 10)},
                       {{1, 2, {}, {}}, {2, 1, {}, {}}});
}

TEST_CASE("q14 takes prices from a million to fifty million, in euros") {
  const auto time_of_day = [](double hour) {
    const auto lines = reference("q14", std::vector{offered(1, 2, 2'000'000, hour * 3600)});
    REQUIRE(lines.size() == 1);
    return lines.front();
  };
  CHECK(time_of_day(6.9).find("nightTime") != std::string::npos);
  CHECK(time_of_day(7).find("otherTime") != std::string::npos);
  CHECK(time_of_day(8).find("dayTime") != std::string::npos);
  CHECK(time_of_day(18.9).find("dayTime") != std::string::npos);
  CHECK(time_of_day(19).find("otherTime") != std::string::npos);
  CHECK(time_of_day(20).find("nightTime") != std::string::npos);
  CHECK(time_of_day(8).find(R"("price":1816000000,)") != std::string::npos);
  CHECK(reference("q14", std::vector{offered(1, 2, 1'101'321, 0)}).empty());
  CHECK(reference("q14", std::vector{offered(1, 2, 1'101'322, 0)}).size() == 1);
  CHECK(reference("q14", std::vector{offered(1, 2, 55'066'080, 0)}).empty());
}

TEST_CASE("q15, q16 and q17 count bids, bidders and auctions by rank") {
  const std::vector<event> events{offered(100, 1, 9'999, 0), offered(100, 1, 10'000, 61),
                                  offered(101, 2, 10'000, 62, 5),
                                  offered(101, 1, 1'000'000, 86'400)};
  const auto day = at(0), next = at(86'400);
  expect<day_statistics>("q15", events,
                         {{day, {3, 1, 2, 0}, {2, 1, 2, 0}, {2, 1, 2, 0}},
                          {next, {1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}}});
  expect<channel_statistics>("q16", events,
                             {{0, day, at(60), {2, 1, 1, 0}, {1, 1, 1, 0}, {1, 1, 1, 0}},
                              {5, day, at(60), {1, 0, 1, 0}, {1, 0, 1, 0}, {1, 0, 1, 0}},
                              {0, next, next, {1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}}});
  expect<auction_statistics>(
      "q17", events,
      {{100, day, {2, 1, 1, 0}, 9'999, 10'000, 9'999, 19'999},
       {101, day, {1, 0, 1, 0}, 10'000, 10'000, 10'000, 10'000},
       {101, next, {1, 0, 0, 1}, 1'000'000, 1'000'000, 1'000'000, 1'000'000}});
}

TEST_CASE("q18 takes the last bid of a bidder for an auction") {
  const std::vector<event> events{offered(100, 1, 9, 2), offered(100, 1, 5, 1),
                                  offered(100, 2, 1, 0)};
  expect<last_bid>("q18", events, {{100, 1, as_bid(events[0])}, {100, 2, as_bid(events[2])}});
}

TEST_CASE("q19 ranks the ten highest bids of an auction") {
  std::vector<event> events;
  std::vector<ranked_bid> ranks;
  for (std::int64_t n = 0; n < 12; ++n)
    events.push_back(offered(100, 1, n, static_cast<double>(n)));
  for (std::uint64_t rank = 1; rank <= 10; ++rank)
    ranks.push_back({100, rank, as_bid(events[12 - rank])});
  expect("q19", events, ranks);
}

TEST_CASE("q20 joins bids with auctions of a category, whichever comes first") {
  const std::vector<event> events{offered(100, 1, 5, 0), opened(100, 1, 1, 2),
                                  opened(101, 1, 1, 2, 11), offered(101, 1, 5, 3),
                                  offered(100, 1, 5, 4)};
  expect<auction_bid>("q20", events,
                      {joined(as_bid(events[0]), as_auction(events[1])),
                       joined(as_bid(events[4]), as_auction(events[1]))});
}

TEST_CASE("q21 and q22 read channels") {
  const std::vector<event> events{offered(100, 1, 5, 0, 3)};
  CHECK(reference("q21", events).front().find(R"("channel_id":"0")") != std::string::npos);
  std::size_t with_id = 0;
  for (std::uint32_t c = hot_channels; c < hot_channels + 100; ++c)
    with_id += reference("q21", std::vector{offered(100, 1, 5, 0, c)}).size();
  CHECK(with_id > 80);
  CHECK(with_id < 100);
  std::string url = channel_of(3).url;
  for (const char* folder : {"folder1", "folder2", "folder3"}) {
    const std::string line = reference("q22", events).front();
    const std::string quoted = std::string("\"") + folder + "\":\"";
    const auto from_here = line.find(quoted) + quoted.size();
    const std::string name = line.substr(from_here, line.find('"', from_here) - from_here);
    CHECK(url.find("/" + name + "/") != std::string::npos);
    CHECK(name.size() >= 3);
  }
}
