#include <leat/features.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace {

struct payment {
  std::int64_t id = 0;
  std::string card;
  std::int64_t cents = 0;
  double distance = 0;
  bool abroad = false;
  static constexpr auto fields = leat::fields(
      "payment", leat::field("id", &payment::id), leat::field("card", &payment::card),
      leat::feature("cents", &payment::cents), leat::feature("distance", &payment::distance),
      leat::feature("abroad", &payment::abroad));
};

struct note {
  std::string text;
  static constexpr auto fields = leat::fields("note", leat::field("text", &note::text));
};

static_assert(leat::feature_count<payment> == 3);
static_assert(leat::feature_count<note> == 0);
static_assert(leat::feature_names<payment>()[1] == "distance");

} // namespace

TEST_CASE("feature fields become a row in the order of their declaration") {
  const payment p{7, "4711", 1250, 0.1, true};
  float row[4] = {-1, -1, -1, -1};
  CHECK(leat::copy_features(p, row) == row + 3);
  CHECK(row[0] == 1250.0f);
  CHECK(row[1] == 0.1f);
  CHECK(row[2] == 1.0f);
  CHECK(row[3] == -1.0f); // untouched
}

TEST_CASE("feature names follow the order of the row") {
  constexpr auto names = leat::feature_names<payment>();
  CHECK(names.size() == 3);
  CHECK(names[0] == "cents");
  CHECK(names[2] == "abroad");
}

TEST_CASE("a NaN stays a NaN, large integers round to the nearest float") {
  payment p;
  p.distance = std::numeric_limits<double>::quiet_NaN();
  p.cents = 16'777'217; // 2^24 + 1
  float row[3];
  leat::copy_features(p, row);
  CHECK(row[0] == 16'777'216.0f);
  CHECK(std::isnan(row[1]));
}

TEST_CASE("a record without features has an empty row") {
  float row[1] = {5};
  CHECK(leat::copy_features(note{"text"}, row) == row);
  CHECK(row[0] == 5.0f);
}
