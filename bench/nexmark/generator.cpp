#include "generator.hpp"

namespace nexmark {

// From 100 to 100 million cents. Without libm, so that all machines have the same.
constinit const std::array<std::uint64_t, generator::price_steps + 1> generator::prices = [] {
  std::array<std::uint64_t, price_steps + 1> table{};
  double price = 100 * 256;
  for (std::uint64_t& p : table) {
    p = static_cast<std::uint64_t>(price);
    price *= 1.013583133334065759552; // the 1024th root of a million
  }
  return table;
}();

leat::result<void> generator_options::check() const {
  constexpr std::uint64_t most = 1'000'000'000'000; // event times and numbers stay in range
  if (events > most)
    return leat::user_error("the number of events exceeds 1 000 000 000 000");
  if (rate == 0)
    return leat::user_error("the rate must be at least 1 event in a second of event time");
  if (disorder.count() < 0 || disorder > std::chrono::hours{24})
    return leat::user_error("the disorder must be from 0 to 24 hours");
  if (splits == 0 || splits > 128)
    return leat::user_error("the number of splits must be from 1 to 128");
  return {};
}

void generator::make_auction(std::uint64_t n, std::uint64_t block, std::uint64_t number,
                             event& to) const {
  const std::uint64_t a = random_word(n), b = random_word(a), c = random_word(b);
  const bool hot_seller = (a >> 62U & 3U) != 0;
  const std::int64_t initial = price(a);
  // On average an auction is open until as many have begun as are in flight.
  const std::uint64_t ahead = in_flight * block_events / block_auctions;
  const std::chrono::microseconds horizon = due(n + ahead) - due(n);
  const std::uint64_t longest = std::max<std::uint64_t>(2 * horizon.count(), 1);
  const leat::event_time from = time(n);
  to = {event_kind::auction,
        static_cast<std::uint32_t>(first_category + static_cast<std::int64_t>(below(5, b))),
        first_id + static_cast<std::int64_t>(number),
        hot_seller ? hot_one(block, 0) : some_person(block, b >> 32U),
        initial,
        initial + price(c),
        from,
        from + std::chrono::microseconds{1 + random_word(c) % longest},
        random_word(~c)};
}

void generator::make_person(std::uint64_t n, std::uint64_t block, event& to) const {
  to = {event_kind::person, 0, first_id + static_cast<std::int64_t>(block), 0, 0, 0, time(n), {},
        random_word(n)};
}

std::vector<event> all_events(const generator_options& options) {
  const generator make(options);
  std::vector<event> all(options.events);
  for (std::uint64_t n = 0; n < options.events; ++n)
    make.make(n, all[n]);
  return all;
}

} // namespace nexmark
