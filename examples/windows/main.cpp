// Windows of event time: what each card spends per minute, and its bursts of payments.
//
//   windows run
#include <leat/connectors/console/print.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>

#include <algorithm>

using namespace std::chrono_literals;

struct payment {
  std::uint32_t card = 0;
  std::int64_t cents = 0;
  leat::event_time time;
  static constexpr auto fields =
      leat::fields("payment", leat::field("card", &payment::card),
                   leat::field("cents", &payment::cents), leat::field("time", &payment::time));
};

struct burst {
  std::uint32_t card = 0;
  leat::event_time begin;
  std::uint64_t payments = 0;
  std::int64_t largest = 0;
  static constexpr auto fields = leat::fields(
      "burst", leat::field("card", &burst::card), leat::field("begin", &burst::begin),
      leat::field("payments", &burst::payments), leat::field("largest", &burst::largest));
};

// A payment every five seconds, of two cards in turn; now and then one comes far too late.
payment nth_payment(std::uint64_t n) {
  const auto time = static_cast<std::int64_t>(5 * n);
  return {static_cast<std::uint32_t>(n / 3 % 2), static_cast<std::int64_t>(100 + n % 7 * 50),
          leat::from_seconds(n % 20 == 19 ? time - 90 : time)};
}

int main(int argc, char** argv) {
  leat::graph g{"windows"};
  // [region aggregate]
  const auto payments = g.from("payments", leat::generate(nth_payment, 60),
                               leat::event_time_by{[](const payment& p) { return p.time; }, 10s});
  const auto card_of = [](const payment& p) { return p.card; };

  auto spent = payments.key_by(card_of)
                   .window("per-minute", leat::tumbling(1min))
                   .aggregate<leat::sum<&payment::cents>>();
  spent.side<payment>("late").to("late", leat::print_sink{"late "});
  spent.to("spent", leat::print_sink{});
  // [end]

  // [region apply]
  payments.filter("paid", [](const payment& p) { return p.cents >= 200; })
      .key_by(card_of)
      .window("bursts", leat::session(12s), {.allowed_lateness = 10min})
      .apply<burst>([](std::uint32_t card, const leat::time_window& w, std::span<const payment> all,
                       leat::emitter<burst>& out) {
        const auto largest = std::ranges::max(all, {}, &payment::cents);
        out({card, w.start, all.size(), largest.cents});
      })
      .filter("long", [](const burst& b) { return b.payments >= 3; })
      .to("bursts-out", leat::print_sink{});
  // [end]
  return leat::run(std::move(g), argc, argv);
}
