// Who pays and where: customers with their habits, merchants with their terminals.
#pragma once

#include "random.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace fraud {

/// What is typical of a merchant's line of business.
struct trade {
  double usual_cents;
  std::uint8_t share; ///< of all terminals, in per cent
  std::uint8_t opens; ///< first hour of the day
  std::uint8_t shuts; ///< first hour it is closed again
};

enum category : std::uint8_t {
  groceries,
  fuel,
  restaurant,
  cafe,
  pharmacy,
  fashion,
  household,
  electronics,
  travel,
  online,
};

/// By category.
inline constexpr std::array<trade, 10> trades{{
    {2800, 24, 7, 21},  // groceries
    {4800, 8, 5, 23},   // fuel
    {2600, 15, 11, 24}, // restaurant
    {650, 12, 6, 19},   // cafe
    {1800, 6, 8, 20},   // pharmacy
    {6000, 8, 9, 20},   // fashion
    {5200, 6, 9, 20},   // household
    {15000, 4, 9, 20},  // electronics
    {13000, 5, 5, 24},  // travel
    {4200, 12, 0, 24},  // online
}};

/// Shares of the six countries in terminals and customers, in per cent.
inline constexpr std::array<std::uint8_t, 6> country_shares{60, 13, 10, 7, 6, 4};

struct terminal {
  std::uint32_t merchant = 0;
  std::uint16_t country = 0;
  fraud::category category = groceries;
  double price = 1; ///< the merchant's amounts against those of its trade
};

struct customer {
  std::array<std::uint32_t, 8> favourites{}; ///< terminals, the dearest first; the last two online
  std::uint32_t town = 0;                    ///< the first of the terminals around home
  double spending = 1;                       ///< amounts against those of others
  std::uint16_t country = 0;
  std::uint8_t shopping_day = 0; ///< day of the week of the big weekly shop
  bool owl = false;              ///< pays late in the day
  std::uint16_t away_in = 0;     ///< the country visited
  std::int32_t away_until = -1;  ///< the last day of that visit
};

/// Everybody and everything, made at once and then left alone but for the customers' journeys.
class population {
public:
  population(double payments_a_day, random_source& random);

  std::vector<terminal> terminals; ///< those of one country stand together
  std::vector<customer> customers;

  /// A customer, busy ones more often.
  std::uint32_t pick_customer(random_source& random) const;
  std::uint16_t pick_country(random_source& random) const;
  std::uint32_t pick_terminal(random_source& random) const;
  std::uint32_t pick_terminal_in(std::uint16_t country, random_source& random) const;
  std::uint32_t pick_online(random_source& random) const;
  std::uint32_t pick_in_town(const customer& who, random_source& random) const;

private:
  static constexpr std::uint32_t town_size = 40;

  void add_terminals(std::uint32_t wanted, random_source& random);
  customer make_customer(random_source& random) const;
  std::uint32_t first_of(std::uint16_t country) const { return country_begin_[country]; }
  std::uint32_t count_of(std::uint16_t country) const {
    return country_begin_[country + 1] - country_begin_[country];
  }

  std::array<std::uint32_t, country_shares.size() + 1> country_begin_{};
  std::vector<std::uint32_t> online_;
  std::vector<std::uint32_t> activity_; ///< running sum over the customers
};

} // namespace fraud
