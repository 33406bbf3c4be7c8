// The texts of records, by their numbers. They are the same in every process. Those that no query
// reads, such as credit cards, do not exist.
#pragma once

#include "events.hpp"

#include <string>
#include <string_view>

namespace nexmark {

/// Where a bid was made.
struct channel {
  std::string name;
  std::string url;
};

/// The first four get half of all bids: Google, Facebook, Baidu and Apple.
inline constexpr std::uint32_t hot_channels = 4;
inline constexpr std::uint32_t all_channels = hot_channels + 10'000;

/// By its number, below all_channels.
const channel& channel_of(std::uint32_t number);

/// The numbers of texts that stand for the rest of a bid's content: 54 to 80 letters.
inline constexpr std::uint32_t all_extras = 1U << 20U;

/// By its number, below all_extras.
std::string_view extra_of(std::uint32_t number);

/// Of a person.
std::string name_of(text_number texts);
std::string_view city_of(text_number texts);
std::string_view state_of(text_number texts);

} // namespace nexmark
