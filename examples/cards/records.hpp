// The records of the cards example: payment -> features -> alert.
#pragma once

#include <leat/record.hpp>
#include <leat/time.hpp>

#include <cmath>
#include <cstdint>
#include <string>

namespace cards {

// [region payment]
struct payment {
  std::int64_t id = 0;
  leat::event_time time;
  std::string card;
  std::int64_t cents = 0;

  static constexpr auto fields =
      leat::fields("payment", leat::field("id", &payment::id), leat::field("time", &payment::time),
                   leat::field("card", &payment::card), leat::field("cents", &payment::cents));
};
// [end]

// [region features]
/// A payment compared with the earlier ones of its card. NaN means missing: a first payment has no
/// earlier ones.
struct features {
  std::int64_t id = 0;
  std::string card;
  std::int64_t cents = 0;
  float since_last = NAN; ///< seconds since the card's last payment
  float ratio = NAN;      ///< this amount divided by the mean of the earlier ones

  static constexpr auto fields = leat::fields(
      "features", leat::field("id", &features::id), leat::field("card", &features::card),
      leat::feature("cents", &features::cents), leat::feature("since_last", &features::since_last),
      leat::feature("ratio", &features::ratio));
};
// [end]

struct alert {
  std::int64_t payment = 0;
  std::string card;
  std::int64_t cents = 0;
  float score = 0;
  std::string model; ///< SHA-256 of the model's file

  static constexpr auto fields =
      leat::fields("alert", leat::field("payment", &alert::payment),
                   leat::field("card", &alert::card), leat::field("cents", &alert::cents),
                   leat::field("score", &alert::score), leat::field("model", &alert::model));
  friend bool operator==(const alert&, const alert&) = default;
};

} // namespace cards
