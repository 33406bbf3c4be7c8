// Aggregates for windows and for leat::aggregating_state. What they read of a record is a member or
// a function without captures:
//
//   leat::count
//   leat::sum<&payment::cents>
//   leat::mean<[](const payment& p) { return p.cents / 100.0; }>
//   leat::together<leat::count, leat::max<&payment::cents>>    // a tuple of results
//
// Those of whole numbers are exact: their results do not depend on how records were put together.
// Sums and means of float and double are rounded in the order of the records.
#pragma once

#include <leat/record.hpp>

#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>

namespace leat {

namespace detail {

/// T of a member `T R::*`, or what a function of a record returns.
template <class F>
struct read_by;
template <class R, class T>
struct read_by<T R::*> {
  using type = T;
};
template <class R, class T>
struct read_by<T (*)(const R&)> {
  using type = std::remove_cvref_t<T>;
};
template <class F>
requires requires { &F::operator(); }
struct read_by<F> {
  template <class R, class T>
  static std::remove_cvref_t<T> of(T (F::*)(const R&) const);
  using type = decltype(of(&F::operator()));
};
template <auto Read>
using read_type = typename read_by<std::remove_cv_t<decltype(Read)>>::type;

/// Whole numbers as 64 bits, which wrap around; others as double.
template <class T>
using sum_type =
    std::conditional_t<std::is_floating_point_v<T>, double,
                       std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>;

template <class T>
constexpr T wrapping_sum(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  else
    return a + b;
}

} // namespace detail

/// How many records.
struct count {
  std::uint64_t records = 0;

  template <class R>
  void add(const R&) {
    ++records;
  }
  void merge(const count& o) { records += o.records; }
  std::uint64_t result() const { return records; }

  static constexpr auto fields = leat::fields("count", leat::field("records", &count::records));
};

/// The sum of what is read: of whole numbers in 64 bits, modulo 2^64; else a double.
template <auto Read>
struct sum {
  using type = detail::sum_type<detail::read_type<Read>>;
  type total{};

  template <class R>
  void add(const R& r) {
    total = detail::wrapping_sum(total, static_cast<type>(std::invoke(Read, r)));
  }
  void merge(const sum& o) { total = detail::wrapping_sum(total, o.total); }
  type result() const { return total; }

  static constexpr auto fields = leat::fields("sum", leat::field("total", &sum::total));
};

/// The least of what is read; none of no records. NaN is none.
template <auto Read>
struct min {
  using type = detail::read_type<Read>;
  std::optional<type> least;

  template <class R>
  void add(const R& r) {
    take(std::invoke(Read, r));
  }
  void merge(const min& o) {
    if (o.least)
      take(*o.least);
  }
  std::optional<type> result() const { return least; }

  static constexpr auto fields = leat::fields("min", leat::field("least", &min::least));

private:
  void take(const type& value) {
    if (value == value && (!least || value < *least))
      least = value;
  }
};

/// The greatest of what is read; none of no records. NaN is none.
template <auto Read>
struct max {
  using type = detail::read_type<Read>;
  std::optional<type> greatest;

  template <class R>
  void add(const R& r) {
    take(std::invoke(Read, r));
  }
  void merge(const max& o) {
    if (o.greatest)
      take(*o.greatest);
  }
  std::optional<type> result() const { return greatest; }

  static constexpr auto fields = leat::fields("max", leat::field("greatest", &max::greatest));

private:
  void take(const type& value) {
    if (value == value && (!greatest || value > *greatest))
      greatest = value;
  }
};

/// Number, mean and variance of what is read, as double.
struct moments {
  std::uint64_t count = 0;
  double mean = 0; ///< 0 of no records

  /// Of all of a population; 0 of no records.
  double variance() const { return count > 0 ? squares / static_cast<double>(count) : 0; }

  double squares = 0; ///< the sum of squared distances from the mean

  friend bool operator==(const moments&, const moments&) = default;
  static constexpr auto fields =
      leat::fields("moments", leat::field("count", &moments::count),
                   leat::field("mean", &moments::mean), leat::field("squares", &moments::squares));
};

/// Mean and variance. By the methods of Welford (1962), and of Chan, Golub and LeVeque (1979) for
/// the union, which do not cancel.
template <auto Read>
struct variance {
  moments all;

  template <class R>
  void add(const R& r) {
    const auto x = static_cast<double>(std::invoke(Read, r));
    const double distance = x - all.mean;
    all.mean += distance / static_cast<double>(++all.count);
    all.squares += distance * (x - all.mean);
  }
  void merge(const variance& o) {
    if (o.all.count == 0)
      return;
    const auto here = static_cast<double>(all.count), there = static_cast<double>(o.all.count);
    const double distance = o.all.mean - all.mean;
    all.count += o.all.count;
    all.mean += distance * there / (here + there);
    all.squares += o.all.squares + distance * distance * here * there / (here + there);
  }
  moments result() const { return all; }

  static constexpr auto fields = leat::fields("variance", leat::field("all", &variance::all));
};

/// The mean of what is read, as double; 0 of no records.
template <auto Read>
struct mean {
  sum<Read> total;
  leat::count number;

  template <class R>
  void add(const R& r) {
    total.add(r), number.add(r);
  }
  void merge(const mean& o) { total.merge(o.total), number.merge(o.number); }
  double result() const {
    return number.records == 0
               ? 0
               : static_cast<double>(total.total) / static_cast<double>(number.records);
  }

  static constexpr auto fields = leat::fields("mean", leat::field("total", &mean::total),
                                              leat::field("number", &mean::number));
};

/// Several aggregates of the same records. The result is a tuple of theirs.
template <class... A>
struct together {
  std::tuple<A...> parts;

  template <class R>
  void add(const R& r) {
    std::apply([&](A&... a) { (a.add(r), ...); }, parts);
  }
  void merge(const together& o) { merge(o, std::index_sequence_for<A...>{}); }
  auto result() const {
    return std::apply([](const A&... a) { return std::tuple(a.result()...); }, parts);
  }

  static constexpr auto fields = leat::fields("together", leat::field("parts", &together::parts));

private:
  template <std::size_t... I>
  void merge(const together& o, std::index_sequence<I...>) {
    (std::get<I>(parts).merge(std::get<I>(o.parts)), ...);
  }
};

} // namespace leat
