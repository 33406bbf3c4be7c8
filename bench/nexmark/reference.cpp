#include "reference.hpp"

#include "results.hpp"
#include "texts.hpp"

#include <deque>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <tuple>

namespace nexmark {

namespace {

using namespace std::chrono_literals;
using event_list = std::span<const event>;
using lines = std::vector<result_line>;

template <class R>
void add(lines& to, const R& result) {
  to.push_back(line_of(result));
}

std::vector<person> people_in(event_list events) {
  std::vector<person> all;
  for (const event& e : events)
    if (e.kind == event_kind::person)
      all.push_back(as_person(e));
  return all;
}

std::vector<auction> auctions_in(event_list events) {
  std::vector<auction> all;
  for (const event& e : events)
    if (e.kind == event_kind::auction)
      all.push_back(as_auction(e));
  return all;
}

std::vector<bid> bids_in(event_list events) {
  std::vector<bid> all;
  for (const event& e : events)
    if (e.kind == event_kind::bid)
      all.push_back(as_bid(e));
  return all;
}

/// The start of the window of this size that holds a time: from 1970 on.
leat::event_time start_of(leat::event_time t, std::chrono::microseconds size) {
  return t - t.time_since_epoch() % size;
}

// --- record by record ---------------------------------------------------------------------------

lines q0(event_list events) {
  lines out;
  for (const bid& b : bids_in(events))
    add(out, b);
  return out;
}

lines q1(event_list events) {
  lines out;
  for (const bid& b : bids_in(events))
    add(out, euro_bid{b.auction, b.bidder, b.price * 908, b.time, b.extra});
  return out;
}

lines q2(event_list events) {
  lines out;
  for (const bid& b : bids_in(events))
    if (b.auction % 123 == 0)
      add(out, auction_price{b.auction, b.price});
  return out;
}

lines q13(event_list events) {
  lines out;
  for (const bid& b : bids_in(events))
    add(out,
        enriched_bid{b.auction, b.bidder, b.price, b.time, std::to_string(b.auction % 10'000)});
  return out;
}

lines q14(event_list events) {
  lines out;
  for (const bid& b : bids_in(events)) {
    const std::int64_t euros = b.price * 908; // thousandths of cents
    if (euros <= 1'000'000'000 || euros >= 50'000'000'000)
      continue;
    const auto hour = b.time.time_since_epoch() / 1h % 24;
    std::string time_of_day = "otherTime";
    if (8 <= hour && hour <= 18)
      time_of_day = "dayTime";
    if (hour <= 6 || hour >= 20)
      time_of_day = "nightTime";
    std::uint32_t c_count = 0;
    for (const char c : extra_of(b.extra))
      if (c == 'c')
        ++c_count;
    add(out, calculated_bid{b.auction, b.bidder, euros, time_of_day, b.time, b.extra, c_count});
  }
  return out;
}

lines q21(event_list events) {
  static const std::map<std::string, std::string> known{
      {"Apple", "0"}, {"Google", "1"}, {"Facebook", "2"}, {"Baidu", "3"}};
  static const std::regex id_of_url("(&|^)channel_id=([^&]*)");
  lines out;
  for (const bid& b : bids_in(events)) {
    const channel& c = channel_of(b.channel);
    std::smatch match;
    if (const auto found = known.find(c.name); found != known.end())
      add(out, channeled_bid{b.auction, b.bidder, b.price, b.channel, found->second});
    else if (std::regex_search(c.url, match, id_of_url))
      add(out, channeled_bid{b.auction, b.bidder, b.price, b.channel, match[2]});
  }
  return out;
}

lines q22(event_list events) {
  lines out;
  for (const bid& b : bids_in(events)) {
    std::istringstream url(channel_of(b.channel).url);
    std::vector<std::string> parts;
    for (std::string part; std::getline(url, part, '/');)
      parts.push_back(part);
    add(out, located_bid{b.auction, b.bidder, b.price, b.channel, parts.at(3), parts.at(4),
                         parts.at(5)});
  }
  return out;
}

// --- joins --------------------------------------------------------------------------------------

lines q3(event_list events) {
  const std::set<std::string_view> states{"OR", "ID", "CA"};
  std::map<std::int64_t, person> local;
  for (const person& p : people_in(events))
    if (states.contains(state_of(p.texts)))
      local[p.id] = p;
  lines out;
  for (const auction& a : auctions_in(events))
    if (const auto seller = local.find(a.seller); a.category == 10 && seller != local.end()) {
      const text_number texts = seller->second.texts;
      add(out, local_auction{name_of(texts), std::string(city_of(texts)),
                             std::string(state_of(texts)), a.id});
    }
  return out;
}

lines q20(event_list events) {
  std::map<std::int64_t, auction> wanted;
  for (const auction& a : auctions_in(events))
    if (a.category == 10)
      wanted[a.id] = a;
  lines out;
  for (const bid& b : bids_in(events))
    if (const auto found = wanted.find(b.auction); found != wanted.end())
      add(out, joined(b, found->second));
  return out;
}

/// Higher prices first, earlier ones of the same price, and then anything that is always the same.
auto rank_of(const bid& b) { return std::tuple(-b.price, b.time, b.bidder, b.channel, b.extra); }

/// Auctions that had a bid while they were open, with the best one, in the order of their ends.
std::vector<std::pair<auction, bid>> sold_auctions(event_list events) {
  std::map<std::int64_t, auction> auctions;
  for (const auction& a : auctions_in(events))
    auctions[a.id] = a;
  std::map<std::int64_t, bid> best;
  for (const bid& b : bids_in(events)) {
    const auto found = auctions.find(b.auction);
    if (found == auctions.end() || b.time < found->second.time || b.time > found->second.expires)
      continue;
    const auto [at, first] = best.try_emplace(b.auction, b);
    if (!first && rank_of(b) < rank_of(at->second))
      at->second = b;
  }
  std::map<std::pair<leat::event_time, std::int64_t>, std::pair<auction, bid>> by_end;
  for (const auto& [id, b] : best)
    by_end[{auctions[id].expires, id}] = {auctions[id], b};
  std::vector<std::pair<auction, bid>> all;
  for (const auto& [end, sold] : by_end)
    all.push_back(sold);
  return all;
}

lines q9(event_list events) {
  lines out;
  for (const auto& [a, b] : sold_auctions(events))
    add(out, joined(b, a));
  return out;
}

lines q4(event_list events) {
  std::map<std::int64_t, std::vector<std::int64_t>> prices; // by category
  for (const auto& [a, b] : sold_auctions(events))
    prices[a.category].push_back(b.price);
  lines out;
  for (const auto& [category, all] : prices) {
    std::int64_t sum = 0;
    for (const std::int64_t price : all)
      sum += price;
    add(out, category_price{category, sum / static_cast<std::int64_t>(all.size())});
  }
  return out;
}

lines q6(event_list events) {
  std::map<std::int64_t, std::deque<std::int64_t>> prices; // by seller
  lines out;
  for (const auto& [a, b] : sold_auctions(events)) {
    auto& last = prices[a.seller];
    last.push_back(b.price);
    if (last.size() > 10)
      last.pop_front();
    std::int64_t sum = 0;
    for (const std::int64_t price : last)
      sum += price;
    add(out, seller_price{a.seller, sum / static_cast<std::int64_t>(last.size())});
  }
  return out;
}

// --- windows ------------------------------------------------------------------------------------

lines q5(event_list events) {
  std::map<leat::event_time, std::map<std::int64_t, std::uint64_t>> counts; // by end and auction
  for (const bid& b : bids_in(events))
    for (auto end = start_of(b.time, 2s) + 2s; end <= start_of(b.time, 2s) + 10s; end += 2s)
      ++counts[end][b.auction];
  lines out;
  for (const auto& [end, of_auctions] : counts) {
    std::uint64_t most = 0;
    for (const auto& [id, count] : of_auctions)
      most = std::max(most, count);
    for (const auto& [id, count] : of_auctions)
      if (count == most)
        add(out, hot_auction{id, count, end});
  }
  return out;
}

lines q7(event_list events) {
  std::map<leat::event_time, std::vector<bid>> best; // by window
  for (const bid& b : bids_in(events)) {
    auto& highest = best[start_of(b.time, 10s)];
    if (!highest.empty() && highest.front().price < b.price)
      highest.clear();
    if (highest.empty() || highest.front().price == b.price)
      highest.push_back(b);
  }
  lines out;
  for (const auto& [window, highest] : best)
    for (const bid& b : highest)
      add(out, b);
  return out;
}

lines q8(event_list events) {
  std::set<std::pair<leat::event_time, std::int64_t>> sellers; // by window
  for (const auction& a : auctions_in(events))
    sellers.emplace(start_of(a.time, 10s), a.seller);
  lines out;
  for (const person& p : people_in(events))
    if (sellers.contains({start_of(p.time, 10s), p.id}))
      add(out, new_seller{p.id, name_of(p.texts), start_of(p.time, 10s)});
  return out;
}

lines q11(event_list events) {
  std::map<std::int64_t, std::multiset<leat::event_time>> times; // by bidder
  for (const bid& b : bids_in(events))
    times[b.bidder].insert(b.time);
  lines out;
  for (const auto& [bidder, all] : times) {
    bidder_count session{bidder, 0, *all.begin(), *all.begin() + 10s};
    for (const leat::event_time t : all) {
      if (t > session.end) { // a bid at the end still belongs to the session
        add(out, session);
        session = {bidder, 0, t, t + 10s};
      }
      ++session.bids;
      session.end = t + 10s;
    }
    add(out, session);
  }
  return out;
}

lines q12(event_list events) {
  std::map<std::int64_t, std::uint64_t> counts;
  for (const bid& b : bids_in(events))
    ++counts[b.bidder];
  lines out;
  for (const auto& [bidder, count] : counts)
    add(out, bidder_count{bidder, count, {}, {}});
  return out;
}

// --- updates: what holds at the end -------------------------------------------------------------

template <class Wanted>
std::uint64_t distinct(const std::vector<bid>& bids, std::int64_t bid::*field, Wanted wanted) {
  std::set<std::int64_t> values;
  for (const bid& b : bids)
    if (wanted(b))
      values.insert(b.*field);
  return values.size();
}

/// Applies `count` to all bids, and to those of each rank.
template <class Count>
by_rank ranked(Count count) {
  return {count([](const bid&) { return true; }),
          count([](const bid& b) { return b.price < 10'000; }),
          count([](const bid& b) { return b.price >= 10'000 && b.price < 1'000'000; }),
          count([](const bid& b) { return b.price >= 1'000'000; })};
}
by_rank count_bids(const std::vector<bid>& bids) {
  return ranked([&](auto wanted) {
    return static_cast<std::uint64_t>(std::count_if(bids.begin(), bids.end(), wanted));
  });
}
by_rank count_distinct(const std::vector<bid>& bids, std::int64_t bid::*field) {
  return ranked([&](auto wanted) { return distinct(bids, field, wanted); });
}

lines q15(event_list events) {
  std::map<leat::event_time, std::vector<bid>> days;
  for (const bid& b : bids_in(events))
    days[start_of(b.time, 24h)].push_back(b);
  lines out;
  for (const auto& [day, bids] : days)
    add(out, day_statistics{day, count_bids(bids), count_distinct(bids, &bid::bidder),
                            count_distinct(bids, &bid::auction)});
  return out;
}

lines q16(event_list events) {
  std::map<std::pair<std::uint32_t, leat::event_time>, std::vector<bid>> days; // by channel and day
  for (const bid& b : bids_in(events))
    days[{b.channel, start_of(b.time, 24h)}].push_back(b);
  lines out;
  for (const auto& [channel_and_day, bids] : days) {
    leat::event_time minute = channel_and_day.second;
    for (const bid& b : bids)
      minute = std::max(minute, start_of(b.time, 1min));
    add(out, channel_statistics{channel_and_day.first, channel_and_day.second, minute,
                                count_bids(bids), count_distinct(bids, &bid::bidder),
                                count_distinct(bids, &bid::auction)});
  }
  return out;
}

lines q17(event_list events) {
  std::map<std::pair<std::int64_t, leat::event_time>, std::vector<bid>> days; // by auction and day
  for (const bid& b : bids_in(events))
    days[{b.auction, start_of(b.time, 24h)}].push_back(b);
  lines out;
  for (const auto& [auction_and_day, bids] : days) {
    auction_statistics all{auction_and_day.first,
                           auction_and_day.second,
                           count_bids(bids),
                           bids.front().price,
                           bids.front().price,
                           0,
                           0};
    for (const bid& b : bids) {
      all.lowest = std::min(all.lowest, b.price);
      all.highest = std::max(all.highest, b.price);
      all.sum += b.price;
    }
    all.mean = all.sum / static_cast<std::int64_t>(bids.size());
    add(out, all);
  }
  return out;
}

lines q18(event_list events) {
  const auto order = [](const bid& b) { return std::tuple(b.time, b.price, b.channel, b.extra); };
  std::map<std::pair<std::int64_t, std::int64_t>, bid> last; // by auction and bidder
  for (const bid& b : bids_in(events)) {
    const auto [at, first] = last.try_emplace({b.auction, b.bidder}, b);
    if (!first && order(b) > order(at->second))
      at->second = b;
  }
  lines out;
  for (const auto& [of, b] : last)
    add(out, last_bid{b.auction, b.bidder, b});
  return out;
}

lines q19(event_list events) {
  std::map<std::int64_t, std::vector<bid>> by_auction;
  for (const bid& b : bids_in(events))
    by_auction[b.auction].push_back(b);
  lines out;
  for (auto& [id, bids] : by_auction) {
    std::sort(bids.begin(), bids.end(),
              [](const bid& a, const bid& b) { return rank_of(a) < rank_of(b); });
    for (std::size_t i = 0; i < bids.size() && i < 10; ++i)
      add(out, ranked_bid{id, i + 1, bids[i]});
  }
  return out;
}

const std::map<std::string_view, lines (*)(event_list)> references{
    {"q0", q0},   {"q1", q1},   {"q2", q2},   {"q3", q3},   {"q4", q4},   {"q5", q5},
    {"q6", q6},   {"q7", q7},   {"q8", q8},   {"q9", q9},   {"q11", q11}, {"q12", q12},
    {"q13", q13}, {"q14", q14}, {"q15", q15}, {"q16", q16}, {"q17", q17}, {"q18", q18},
    {"q19", q19}, {"q20", q20}, {"q21", q21}, {"q22", q22}};

} // namespace

std::vector<std::string> reference(std::string_view query, event_list events) {
  return final_results(references.at(query)(events));
}

std::vector<std::string_view> referenced_queries() {
  std::vector<std::string_view> names;
  for (const auto& [name, compute] : references)
    names.push_back(name);
  return names;
}

} // namespace nexmark
