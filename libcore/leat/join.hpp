// Joins of two keyed streams by event time.
//
//   auto paid = orders.key_by(order_id)
//       .join("paid", payments.key_by(paid_order), leat::interval(-5min, 1h),
//       leat::join_kind::left);
//
// gives leat::joined<order, payment>: pairs whose event times are so far apart.
#pragma once

#include <leat/record.hpp>
#include <leat/time.hpp>

#include <optional>

namespace leat {

/// What becomes of a record that meets none of the other stream.
enum class join_kind : std::uint8_t {
  inner, ///< it is dropped
  left,  ///< one of the left stream leaves alone, when none can come any more
  full   ///< and one of the right stream, too
};

/// Records meet if the right one's event time is at least `earliest` and at most `latest` after
/// that of the left one.
struct interval {
  interval(std::chrono::microseconds least, std::chrono::microseconds most)
      : earliest(least), latest(most) {}
  std::chrono::microseconds earliest; ///< may be negative
  std::chrono::microseconds latest;
};

/// Two records that meet, or one that does not. It has the event time of the later one.
template <class Left, class Right>
struct joined {
  std::optional<Left> left;
  std::optional<Right> right;

  friend bool operator==(const joined&, const joined&) = default;
  static constexpr auto fields = leat::fields("joined", leat::field("left", &joined::left),
                                              leat::field("right", &joined::right));
};

} // namespace leat
