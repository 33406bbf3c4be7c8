#include "edge/sensor_history.hpp"

#include "edge/detectors.hpp"

#include "support/catch.hpp"

#include <rapidcheck.h>

#include <vector>

using namespace edge;

static_assert(std::is_trivially_copyable_v<sensor_past> && sizeof(sensor_past) <= 56);
static_assert(leat::keyed_operator_on<sensor_history, reading>);
static_assert(leat::model_on<farthest_residual, view> && leat::model_on<z_score, view>);

namespace {

/// What values say about the next one, worked out anew from the definitions.
view by_definition(const std::vector<double>& past, double value) {
  view v;
  v.value = value;
  v.readings = std::ssize(past);
  v.level = past.empty() ? value : past.front();
  double sum = 0;
  for (std::size_t i = 0; i < past.size(); ++i) {
    const double n = static_cast<double>(i + 1);
    const double off = past[i] - v.level;
    if (i >= 50) {
      v.highest_above = std::max(v.highest_above * 0.9999, off);
      v.highest_below = std::max(v.highest_below * 0.9999, -off);
    }
    v.level += std::max(1.0 / 8, 1 / n) * off;
    sum += past[i];
  }
  double squares = 0;
  for (const double x : past)
    squares +=
        (x - sum / static_cast<double>(past.size())) * (x - sum / static_cast<double>(past.size()));
  if (!past.empty()) {
    v.mean = sum / static_cast<double>(past.size());
    v.deviation = std::sqrt(squares / static_cast<double>(past.size()));
  }
  return v;
}

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * (1 + std::abs(a) + std::abs(b)); }

template <class Model>
float score(const view& v) {
  float s = -1;
  Model{}.predict(std::span(&v, 1), std::span(&s, 1));
  return s;
}

} // namespace

TEST_CASE("a sensor's figures equal a computation from its whole past") {
  CHECK(rc::check([] {
    const auto values =
        *rc::gen::resize(300, rc::gen::container<std::vector<int>>(rc::gen::inRange(-1000, 1000)));
    sensor_past sensor;
    std::vector<double> past;
    for (const int value : values) {
      const view got = sensor.look_at({"s", {}, double(value)});
      const view expected = by_definition(past, value);
      leat::for_each_field<view>([&](const auto& f) {
        if constexpr (std::is_same_v<decltype(got.*f.member), const double&>)
          RC_ASSERT(near(got.*f.member, expected.*f.member));
      });
      RC_ASSERT(got.readings == expected.readings);
      sensor.remember({"s", {}, double(value)});
      past.push_back(value);
    }
  }));
}

TEST_CASE("a residual is judged by the farthest on its side") {
  view v;
  v.readings = warm_up;
  v.level = 10;
  v.highest_above = 4;
  v.highest_below = 2;
  v.value = 16;
  CHECK(score<farthest_residual>(v) == 1.5F);
  v.value = 7;
  CHECK(score<farthest_residual>(v) == 1.5F);
  v.highest_below = 0; // a fifth of the other side
  CHECK(score<farthest_residual>(v) == Approx(3 / 0.8));
  v.highest_above = 0;
  CHECK(score<farthest_residual>(v) == most);
  v.value = 10;
  CHECK(score<farthest_residual>(v) == 0);
  v.value = 1e300;
  CHECK(score<farthest_residual>(v) == most);
  v.readings = warm_up - 1;
  CHECK(score<farthest_residual>(v) == 0);
}

TEST_CASE("the plain score counts standard deviations") {
  view v;
  v.readings = warm_up;
  v.mean = 5;
  v.deviation = 2;
  v.value = -1;
  CHECK(score<z_score>(v) == 3);
  v.readings = 0;
  CHECK(score<z_score>(v) == 0);
}
