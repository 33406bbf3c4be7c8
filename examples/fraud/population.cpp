#include "population.hpp"

#include <algorithm>

namespace fraud {
namespace {

std::array<std::uint8_t, trades.size()> trade_shares() {
  std::array<std::uint8_t, trades.size()> shares{};
  for (std::size_t i = 0; i < trades.size(); ++i)
    shares[i] = trades[i].share;
  return shares;
}

} // namespace

population::population(double payments_a_day, random_source& random) {
  add_terminals(std::max(120u, static_cast<std::uint32_t>(payments_a_day / 10)), random);
  const auto people = std::max(50u, static_cast<std::uint32_t>(payments_a_day / 1.6));
  customers.reserve(people);
  activity_.reserve(people);
  std::uint32_t sum = 0;
  for (std::uint32_t i = 0; i < people; ++i) {
    customers.push_back(make_customer(random));
    sum += random.between(200, 1200);
    sum += random.chance(0.2) ? 1500 : 0;
    activity_.push_back(sum);
  }
}

void population::add_terminals(std::uint32_t wanted, random_source& random) {
  const auto shares = trade_shares();
  std::uint32_t merchant = 0;
  for (std::uint16_t country = 0; country < country_shares.size(); ++country) {
    const std::uint32_t end =
        country_begin_[country] + std::max(8u, wanted * country_shares[country] / 100);
    while (terminals.size() < end) {
      ++merchant;
      const auto category = // the first is online, so that there is one for sure
          merchant == 1 ? online : static_cast<fraud::category>(random.pick(shares));
      const double price = random.uniform(0.6, 1.5);
      std::uint32_t tills = random.chance(0.6) ? 1 : random.between(2, 5);
      for (; tills > 0 && terminals.size() < end; --tills) {
        if (category == online)
          online_.push_back(static_cast<std::uint32_t>(terminals.size()));
        terminals.push_back({merchant, country, category, price});
      }
    }
    country_begin_[country + 1] = end;
  }
}

customer population::make_customer(random_source& random) const {
  customer who;
  who.country = static_cast<std::uint16_t>(random.pick(country_shares));
  const std::uint32_t last_town =
      count_of(who.country) - std::min(town_size, count_of(who.country));
  who.town = first_of(who.country) + random.below(last_town + 1);
  who.spending = random.uniform(0.6, 1.2);
  who.spending *= random.uniform(0.7, 1.6);
  who.shopping_day = static_cast<std::uint8_t>(random.below(7));
  who.owl = random.chance(0.12);
  for (auto& favourite : who.favourites)
    favourite = pick_in_town(who, random);
  who.favourites[6] = pick_online(random);
  who.favourites[7] = pick_online(random);
  return who;
}

std::uint32_t population::pick_customer(random_source& random) const {
  const auto at = random.below(activity_.back());
  return static_cast<std::uint32_t>(std::ranges::upper_bound(activity_, at) - activity_.begin());
}

std::uint16_t population::pick_country(random_source& random) const {
  return static_cast<std::uint16_t>(random.below(country_shares.size()));
}

std::uint32_t population::pick_terminal(random_source& random) const {
  return random.below(static_cast<std::uint32_t>(terminals.size()));
}

std::uint32_t population::pick_terminal_in(std::uint16_t country, random_source& random) const {
  return first_of(country) + random.below(count_of(country));
}

std::uint32_t population::pick_online(random_source& random) const {
  return online_[random.below(static_cast<std::uint32_t>(online_.size()))];
}

std::uint32_t population::pick_in_town(const customer& who, random_source& random) const {
  return who.town + random.below(std::min(town_size, count_of(who.country)));
}

} // namespace fraud
