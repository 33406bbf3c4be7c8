// A few weeks of card payments, day by day: honest ones with the oddities of honest people, and
// frauds of three kinds that take pains to look like them.
#pragma once

#include "population.hpp"
#include "records.hpp"

#include <cstdint>
#include <vector>

namespace fraud {

/// Why a payment was made. What the simulation knows and no model may.
enum class motive : std::uint8_t {
  everyday,
  trip,  ///< honest, in another country
  treat, ///< honest, and unusually dear
  spree, ///< honest, one of several within hours
  stolen_card,
  skimmed_terminal,
  burst, ///< a stolen number used up within the hour
};

struct simulated {
  payment paid;
  motive why = motive::everyday;
};

/// Makes `payments` payments over `days` days. Equal arguments give equal payments on every
/// machine. Keeps the population and one day's payments in memory.
class simulation {
public:
  simulation(std::int64_t payments, int days, std::uint64_t seed);

  /// Replaces `out` by the next day's payments in order of time; false when the days are over.
  bool next_day(std::vector<simulated>& out);

private:
  struct stolen_card {
    std::uint32_t card = 0;
    std::uint16_t country = 0;
    bool careful = false; ///< stays with amounts, places and hours that do not stand out
    std::uint32_t days_left = 0;
  };
  struct skimmed_terminal {
    std::uint32_t terminal = 0;
    std::uint32_t days_left = 0;
  };
  /// Spreads the beginnings of schemes evenly over the days.
  struct beginnings {
    double a_day = 0;
    double due = 0;
    bool next() { return due >= 1 ? (due -= 1, true) : false; }
  };

  void pay_by_fraud(int day, std::vector<simulated>& out);
  void use_stolen_cards(int day, std::vector<simulated>& out);
  void use_skimmed_terminals(int day, std::vector<simulated>& out);
  void use_up_numbers(int day, std::vector<simulated>& out);
  stolen_card steal();
  void use_carefully(int day, std::uint32_t card, std::vector<simulated>& out);
  void use_greedily(int day, const stolen_card& theft, std::vector<simulated>& out);
  std::uint32_t dear_terminal(std::uint16_t country);

  void pay_honestly(int day, std::vector<simulated>& out);
  void pay_as_always(int day, std::uint32_t card, std::vector<simulated>& out);
  void pay_on_trip(int day, std::uint32_t card, std::vector<simulated>& out);
  void buy_treat(int day, std::uint32_t card, std::vector<simulated>& out);
  void go_on_spree(int day, std::uint32_t card, std::vector<simulated>& out);

  /// Adds a payment of about `factor` times what is usual at the terminal.
  void pay(std::uint32_t card, std::uint32_t terminal, double factor, leat::event_time time,
           motive why, std::vector<simulated>& out);
  leat::event_time opening_time(int day, const customer& who, std::uint32_t terminal);
  leat::event_time some_time(int day, std::chrono::hours from, std::chrono::hours to);
  std::uint32_t everyday_terminal(const customer& who);
  std::int64_t due_by(int day) const;

  std::int64_t payments_;
  int days_;
  int day_ = 0;
  std::int64_t made_ = 0;
  random_source random_;
  population people_;
  beginnings thefts_;
  beginnings skimmings_;
  beginnings bursts_;
  std::vector<stolen_card> stolen_;
  std::vector<skimmed_terminal> skimmed_;
};

} // namespace fraud
