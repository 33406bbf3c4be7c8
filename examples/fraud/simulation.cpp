#include "simulation.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace fraud {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr leat::event_time first_day = std::chrono::sys_days{std::chrono::year{2024} / 1 / 1};
constexpr std::array<int, 7> day_weights{90, 92, 96, 100, 122, 128, 82}; // from Monday
constexpr std::array<std::uint8_t, 8> favourite_weights{26, 19, 14, 10, 8, 6, 10, 7};
constexpr std::array<std::uint8_t, 24> day_hours{1,  1,  0,  0,  0,  2,  6,  14, 16, 14, 16, 20,
                                                 26, 22, 16, 16, 20, 28, 28, 20, 12, 8,  5,  2};
constexpr std::array<std::uint8_t, 24> owl_hours{14, 10, 7,  4,  2,  1,  1,  2,  3,  4,  6,  8,
                                                 12, 14, 12, 12, 14, 16, 18, 20, 22, 24, 22, 18};
constexpr double fraud_share = 0.009;

leat::event_time day_start(int day) { return first_day + std::chrono::days{day}; }

int weekday(int day) { return day % 7; } // the first day is a Monday

milliseconds random_span(random_source& random, milliseconds low, milliseconds high) {
  return milliseconds{random.between(static_cast<std::uint32_t>(low.count()),
                                     static_cast<std::uint32_t>(high.count()))};
}

/// How long it takes until a fraud is noticed and reported; an honest payment counts as settled
/// after a week without complaint.
milliseconds time_to_know(motive why, random_source& random) {
  switch (why) {
  case motive::stolen_card:
    return random_span(random, 12h, 96h);
  case motive::skimmed_terminal:
    return random_span(random, 8h, 80h);
  case motive::burst:
    return random_span(random, 6h, 72h);
  default:
    return 168h;
  }
}

} // namespace

simulation::simulation(std::int64_t payments, int days, std::uint64_t seed)
    : payments_(payments), days_(days), random_(seed),
      people_(static_cast<double>(payments) / days, random_) {
  const double frauds_a_day = fraud_share * static_cast<double>(payments) / days;
  thefts_.a_day = 0.40 * frauds_a_day / 8.75; // over the number of payments one of them brings
  skimmings_.a_day = 0.32 * frauds_a_day / 49;
  bursts_.a_day = 0.28 * frauds_a_day / 8.5;
  std::vector<simulated> unseen;
  for (int day = -10; day < 0; ++day) // schemes are under way when the first day dawns
    pay_by_fraud(day, unseen);
}

bool simulation::next_day(std::vector<simulated>& out) {
  out.clear();
  if (day_ == days_)
    return false;
  pay_by_fraud(day_, out);
  pay_honestly(day_, out);
  std::ranges::stable_sort(out, {}, [](const simulated& s) { return s.paid.time; });
  for (auto& s : out)
    s.paid.id = ++made_;
  ++day_;
  return true;
}

/// How many payments there shall be when `day` ends: busy days of the week get more of them.
std::int64_t simulation::due_by(int day) const {
  std::int64_t so_far = 0, all = 0;
  for (int d = 0; d < days_; ++d) {
    all += day_weights[weekday(d)];
    so_far += d <= day ? day_weights[weekday(d)] : 0;
  }
  return payments_ * so_far / all;
}

void simulation::pay_by_fraud(int day, std::vector<simulated>& out) {
  for (auto* s : {&thefts_, &skimmings_, &bursts_})
    s->due += s->a_day;
  use_stolen_cards(day, out);
  use_skimmed_terminals(day, out);
  use_up_numbers(day, out);
}

void simulation::use_stolen_cards(int day, std::vector<simulated>& out) {
  while (thefts_.next())
    stolen_.push_back(steal());
  for (auto& theft : stolen_) {
    if (theft.careful)
      use_carefully(day, theft.card, out);
    else
      use_greedily(day, theft, out);
    --theft.days_left;
  }
  std::erase_if(stolen_, [](const stolen_card& theft) { return theft.days_left == 0; });
}

/// Near the victim's home, at usual hours, for amounts that are only a little high.
void simulation::use_carefully(int day, std::uint32_t card, std::vector<simulated>& out) {
  const auto& victim = people_.customers[card];
  for (auto left = random_.between(1, 4); left > 0; --left) {
    const auto terminal = everyday_terminal(victim);
    const auto time = opening_time(day, victim, terminal);
    const double factor = random_.uniform(0.9, 3);
    pay(card, terminal, factor, time, motive::stolen_card, out);
  }
}

/// Dear things that can be sold again, one after the other, at any hour.
void simulation::use_greedily(int day, const stolen_card& theft, std::vector<simulated>& out) {
  auto time = some_time(day, 0h, 18h);
  for (auto left = random_.between(3, 7); left > 0; --left) {
    const auto terminal = dear_terminal(theft.country);
    const double factor = random_.uniform(1.2, 4.5);
    pay(theft.card, terminal, factor, time, motive::stolen_card, out);
    time += random_span(random_, 2min, 30min);
  }
}

std::uint32_t simulation::dear_terminal(std::uint16_t country) {
  if (random_.chance(0.2))
    return people_.pick_online(random_);
  auto terminal = people_.pick_terminal_in(country, random_);
  for (int tries = 0; tries < 3 && trades[people_.terminals[terminal].category].usual_cents < 5000;
       ++tries)
    terminal = people_.pick_terminal_in(country, random_);
  return terminal;
}

simulation::stolen_card simulation::steal() {
  stolen_card theft;
  theft.card = people_.pick_customer(random_);
  theft.country = people_.customers[theft.card].country;
  theft.careful = random_.chance(0.25);
  if (!theft.careful && random_.chance(0.45))
    theft.country = people_.pick_country(random_);
  theft.days_left = random_.between(1, 3);
  return theft;
}

void simulation::use_skimmed_terminals(int day, std::vector<simulated>& out) {
  while (skimmings_.next()) {
    const auto terminal = people_.pick_terminal(random_);
    skimmed_.push_back({terminal, random_.between(4, 10)});
  }
  for (auto& place : skimmed_) {
    for (auto left = random_.between(4, 10); left > 0; --left) {
      const auto card = people_.pick_customer(random_);
      const auto time = opening_time(day, people_.customers[card], place.terminal);
      const double factor = random_.uniform(1, 3);
      pay(card, place.terminal, factor, time, motive::skimmed_terminal, out);
    }
    --place.days_left;
  }
  std::erase_if(skimmed_, [](const skimmed_terminal& place) { return place.days_left == 0; });
}

void simulation::use_up_numbers(int day, std::vector<simulated>& out) {
  while (bursts_.next()) {
    const auto card = people_.pick_customer(random_);
    const auto shop = people_.pick_online(random_);
    auto time = some_time(day, 0h, 22h);
    for (auto left = random_.between(5, 12); left > 0; --left) {
      const auto terminal = random_.chance(0.5) ? shop : people_.pick_online(random_);
      const double factor = random_.uniform(0.4, 2);
      pay(card, terminal, factor, time, motive::burst, out);
      time += random_span(random_, 15s, 6min);
    }
  }
}

void simulation::pay_honestly(int day, std::vector<simulated>& out) {
  const auto wanted = static_cast<std::size_t>(due_by(day) - made_);
  out.reserve(wanted + 8);
  while (out.size() < wanted) {
    const auto card = people_.pick_customer(random_);
    auto& who = people_.customers[card];
    if (who.away_until < day && random_.chance(0.001)) {
      who.away_in = people_.pick_country(random_);
      who.away_until = day + random_.between(1, 7);
    }
    if (who.away_until >= day)
      pay_on_trip(day, card, out);
    else if (random_.chance(0.0035))
      go_on_spree(day, card, out);
    else if (random_.chance(0.005))
      buy_treat(day, card, out);
    else
      pay_as_always(day, card, out);
  }
  out.resize(wanted);
}

void simulation::pay_as_always(int day, std::uint32_t card, std::vector<simulated>& out) {
  const auto& who = people_.customers[card];
  const auto terminal = everyday_terminal(who);
  const bool big_shop =
      weekday(day) == who.shopping_day && people_.terminals[terminal].category == groceries;
  const auto time = opening_time(day, who, terminal);
  const double factor = who.spending * random_.skewed() * (big_shop ? 2.5 : 1);
  pay(card, terminal, factor, time, motive::everyday, out);
}

void simulation::pay_on_trip(int day, std::uint32_t card, std::vector<simulated>& out) {
  const auto& who = people_.customers[card];
  for (auto left = random_.between(1, 3); left > 0; --left) {
    const auto terminal = people_.pick_terminal_in(who.away_in, random_);
    const auto time = opening_time(day, who, terminal);
    const double factor = 1.4 * who.spending * random_.skewed();
    pay(card, terminal, factor, time, motive::trip, out);
  }
}

void simulation::buy_treat(int day, std::uint32_t card, std::vector<simulated>& out) {
  const auto& who = people_.customers[card];
  const auto terminal = people_.pick_terminal_in(who.country, random_);
  const auto time = opening_time(day, who, terminal);
  const double factor = who.spending * random_.uniform(2, 6);
  pay(card, terminal, factor, time, motive::treat, out);
}

void simulation::go_on_spree(int day, std::uint32_t card, std::vector<simulated>& out) {
  const auto& who = people_.customers[card];
  const bool from_sofa = random_.chance(0.3);
  auto time = some_time(day, 9h, 20h);
  for (auto left = random_.between(3, 7); left > 0; --left) {
    const auto terminal =
        from_sofa ? people_.pick_online(random_) : people_.pick_in_town(who, random_);
    const double factor = who.spending * random_.skewed();
    pay(card, terminal, factor, time, motive::spree, out);
    time += random_span(random_, 2min, 30min);
  }
}

void simulation::pay(std::uint32_t card, std::uint32_t terminal, double factor,
                     leat::event_time time, motive why, std::vector<simulated>& out) {
  const auto& place = people_.terminals[terminal];
  payment p;
  p.time = time;
  p.cents = static_cast<std::int64_t>(trades[place.category].usual_cents * place.price * factor);
  p.cents = std::max<std::int64_t>(p.cents, 50);
  p.card = card + 1;
  p.terminal = terminal + 1;
  p.merchant = place.merchant;
  p.country = place.country;
  p.category = place.category;
  p.fraud = why >= motive::stolen_card;
  p.fraud_known = time + time_to_know(why, random_);
  out.push_back({p, why});
}

leat::event_time simulation::some_time(int day, std::chrono::hours from, std::chrono::hours to) {
  return day_start(day) + random_span(random_, from, to - 1ms);
}

/// A moment of `day` at which the customer likes to pay and the terminal's merchant is open.
leat::event_time simulation::opening_time(int day, const customer& who, std::uint32_t terminal) {
  const auto& open = trades[people_.terminals[terminal].category];
  std::uint32_t hour = 0;
  do
    hour = random_.pick(who.owl ? owl_hours : day_hours);
  while (hour < open.opens || hour >= open.shuts);
  return day_start(day) + std::chrono::hours{hour} + random_span(random_, 0h, 1h - 1ms);
}

std::uint32_t simulation::everyday_terminal(const customer& who) {
  if (random_.chance(0.86))
    return who.favourites[random_.pick(favourite_weights)];
  return random_.chance(0.2) ? people_.pick_online(random_) : people_.pick_in_town(who, random_);
}

} // namespace fraud
