// Which of two bids wins.
#pragma once

#include "../events.hpp"

#include <tuple>

namespace nexmark {

/// The higher price, the earlier one of the same price, and then anything that is always the same.
inline bool is_higher(const bid& a, const bid& b) {
  return a.price != b.price ? a.price > b.price
                            : std::tie(a.time, a.bidder, a.channel, a.extra) <
                                  std::tie(b.time, b.bidder, b.channel, b.extra);
}

} // namespace nexmark
