// Generates records by a function.
#pragma once

#include <leat/source.hpp>

#include <concepts>
#include <limits>

namespace leat {

/// The default count: no end.
inline constexpr std::uint64_t without_end = std::numeric_limits<std::uint64_t>::max();

/// Makes `count` records, the n-th by `make(n)`, counted from 0. Replayable if `make` gives the
/// same for the same number.
template <class Make>
class generate_source {
public:
  using record_type = std::remove_cvref_t<std::invoke_result_t<const Make&, std::uint64_t>>;

  generate_source(Make make, std::uint64_t count, double rate)
      : make_(std::move(make)), count_(count), rate_(rate) {}

  /// In records per second; 0: as fast as consumers take them.
  double rate() const { return rate_; }

  result<void> check() const {
    if (rate_ >= 0 && rate_ <= std::numeric_limits<double>::max())
      return {};
    return user_error("a rate of records is a number from 0 on", "0 is as fast as possible");
  }

  std::uint64_t position() const { return next_; }
  result<void> seek(std::uint64_t to) {
    next_ = to;
    return {};
  }

  pull_status pull(std::size_t demand, emitter<record_type>& out) {
    for (; demand > 0 && next_ < count_ && !out.full(); --demand)
      out(make_(next_++));
    return next_ < count_ ? pull_status::more() : pull_status::done();
  }

private:
  Make make_;
  std::uint64_t count_;
  double rate_;
  std::uint64_t next_ = 0;
};

/// leat::generate([](std::uint64_t n) { return tick{n}; }, 1000): records made by `make(n)`. With a
/// rate (per second) the n-th is due n/rate seconds after the start, even if the job was not ready
/// for it. The run's --rate overrides it.
template <std::invocable<std::uint64_t> Make>
generate_source<Make> generate(Make make, std::uint64_t count = without_end, double rate = 0) {
  return {std::move(make), count, rate};
}

} // namespace leat
