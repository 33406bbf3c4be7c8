// Numbers, durations and sizes as readable text. Measurements have three significant digits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leat {

/// 1234567 as "1 234 567".
std::string grouped(std::uint64_t number);

/// 1234567 as "1.23 M": three digits and k, M, G or T. Not negative.
std::string compact(double number);

/// 4803211 ns as "4.80 ms": three digits and ns, µs, ms or s.
std::string duration_text(std::chrono::nanoseconds d);

/// Time since the start: "12.3 s", from a minute on "2:05", from an hour on "1:02:05".
std::string clock_text(std::chrono::nanoseconds d);

/// 0.934 as "93 %".
std::string percent(double share);

/// 5000000 ns as "5ms": exact, and readable by parse_duration.
std::string exact_text(std::chrono::nanoseconds d);

/// Reads "256": a whole number above zero.
std::optional<std::uint64_t> parse_count(std::string_view text);

/// Reads "100us": a whole number above zero and one of ns, us, ms, s, min, h.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Reads "512MB": a whole number above zero and B, kB, MB, GB, TB (powers of 1000) or KiB, MiB,
/// GiB, TiB (of 1024); without a unit it is bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

} // namespace leat
