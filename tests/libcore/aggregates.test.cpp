#include <leat/aggregates.hpp>

#include <leat/detail/record/codec.hpp>
#include <leat/detail/state/state_type.hpp>
#include <leat/window.hpp>

#include "support/dice.hpp"

#include <limits>

namespace {

struct sample {
  std::int32_t number = 0;
  double value = 0;
  std::string name;
};

constexpr auto name_of = [](const sample& s) { return s.name; };
constexpr auto twice = [](const sample& s) { return s.number * 2; };

// A fold of records in parts, each part by itself, put together in order.
template <class A>
A folded(const std::vector<sample>& all, support::dice& roll) {
  A whole;
  for (std::size_t i = 0; i < all.size();) {
    A part;
    for (const std::size_t end = std::min(all.size(), i + roll.size(0, 9)); i < end; ++i)
      part.add(all[i]);
    whole.merge(part);
  }
  return whole;
}

std::vector<sample> some_samples(support::dice& roll) {
  std::vector<sample> all;
  for (int n = roll(0, 60); n > 0; --n)
    all.push_back({roll(-1000, 1000), roll(-1000, 1000) / 8.0, std::string(roll.size(0, 30), 'x')});
  return all;
}

template <class A>
std::string bytes_of(const A& a) {
  std::string bytes;
  leat::append_binary(bytes, a);
  return bytes;
}

} // namespace

TEST_CASE("aggregates of parts come to what a loop over all records gives") {
  using all_of = leat::together<leat::count, leat::sum<&sample::number>, leat::sum<twice>,
                                leat::min<&sample::value>, leat::max<&sample::number>,
                                leat::max<name_of>, leat::mean<&sample::number>>;
  static_assert(leat::aggregate_of<all_of, sample>);
  static_assert(leat::detail::is_state_type<all_of>);
  support::for_seeds(200, [](support::dice roll) {
    const auto all = some_samples(roll);
    std::int64_t sum = 0;
    std::optional<double> least;
    std::optional<std::int32_t> greatest;
    std::optional<std::string> name;
    for (const sample& s : all) {
      sum += s.number;
      least = std::min(least.value_or(s.value), s.value);
      greatest = std::max(greatest.value_or(s.number), s.number);
      name = std::max(name.value_or(s.name), s.name);
    }
    const double mean =
        all.empty() ? 0 : static_cast<double>(sum) / static_cast<double>(all.size());
    const auto a = folded<all_of>(all, roll);
    CHECK(a.result() == std::tuple(all.size(), sum, 2 * sum, least, greatest, name, mean));
    all_of saved;
    const std::string bytes = bytes_of(a);
    leat::byte_cursor from(bytes);
    REQUIRE(leat::read_binary(from, saved));
    CHECK(saved.result() == a.result());
  });
}

TEST_CASE("mean and variance of parts are those of two passes over all records") {
  support::for_seeds(200, [](support::dice roll) {
    auto all = some_samples(roll);
    const double far = roll.coin() ? 0 : 1e9; // where sums of squares would cancel
    double mean = 0, squares = 0;
    for (sample& s : all)
      mean += (s.value += far) / static_cast<double>(all.size());
    for (const sample& s : all)
      squares += (s.value - mean) * (s.value - mean);
    const auto found = folded<leat::variance<&sample::value>>(all, roll).result();
    CHECK(found.count == all.size());
    CHECK(found.mean == Approx(mean).epsilon(1e-12).margin(1e-9));
    const double n = all.empty() ? 1 : static_cast<double>(all.size());
    CHECK(found.variance() == Approx(squares / n).epsilon(1e-6).margin(1e-3));
  });
}

TEST_CASE("sums of whole numbers wrap around, and NaN is neither least nor greatest") {
  leat::sum<[](const std::int64_t& n) { return n; }> sum;
  sum.add(std::numeric_limits<std::int64_t>::max());
  sum.add(std::int64_t{1});
  CHECK(sum.result() == std::numeric_limits<std::int64_t>::min());
  leat::min<[](const double& d) { return d; }> least;
  least.add(std::numeric_limits<double>::quiet_NaN());
  CHECK(!least.result());
  least.add(3.0);
  least.add(std::numeric_limits<double>::quiet_NaN());
  CHECK(least.result() == 3.0);
}
