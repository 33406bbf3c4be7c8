#include "queries.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace nexmark {

namespace {

constexpr auto all = std::to_array<query>({
    {"q0", "all bids", q0},
    {"q1", "bids in euros", q1},
    {"q2", "bids for some auctions", q2},
    {"q3", "auctions of a category by sellers in three states", q3},
    {"q4", "mean price of the auctions of a category", q4},
    {"q5", "auctions with most bids in ten seconds, each two seconds", q5},
    {"q6", "mean price of the last ten auctions of a seller", q6},
    {"q7", "highest bids in each ten seconds", q7},
    {"q8", "people who open an auction when they are new", q8},
    {"q9", "auctions that have ended, with the bid that won", q9},
    {"q11", "sessions of a bidder", q11},
    {"q13", "bids with a value from a table", q13},
    {"q14", "bids of some prices, with calculated fields", q14},
    {"q15", "numbers of bids, bidders and auctions by day", q15},
    {"q16", "numbers of bids, bidders and auctions by channel and day", q16},
    {"q17", "prices by auction and day", q17},
    {"q18", "last bid of a bidder for an auction", q18},
    {"q19", "ten highest bids for an auction", q19},
    {"q20", "bids with their auction, of one category", q20},
    {"q21", "bids with the id of their channel", q21},
    {"q22", "bids with the folders of their URL", q22},
});

constexpr auto missing = std::to_array<missing_query>({
    {"q10", "it writes files by minute: sinks of files divide their output by checkpoint"},
    {"q12", "it needs windows by the clock, which graphs do not have yet"},
});

} // namespace

std::span<const query> queries() { return all; }
std::span<const missing_query> missing_queries() { return missing; }

leat::result<query> find_query(std::string_view name) {
  if (const auto* const q = std::ranges::find(all, name, &query::name); q != all.end())
    return *q;
  std::vector<std::string_view> names;
  for (const query& q : all)
    names.push_back(q.name);
  const std::string hint = fmt::format("queries are {}", fmt::join(names, ", "));
  if (const auto* const m = std::ranges::find(missing, name, &missing_query::name);
      m != missing.end())
    return leat::user_error(fmt::format("query {} is left out: {}", name, m->reason), hint);
  return leat::user_error(fmt::format("unknown query \"{}\"", name), hint);
}

} // namespace nexmark
