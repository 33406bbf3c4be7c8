// Writes a file of synthetic payments.
#pragma once

#include <leat/error.hpp>

#include <cstdint>
#include <string>

namespace fraud {

struct generate_options {
  std::string path;                ///< of the CSV file
  std::int64_t payments = 200'000; ///< at least 1000, at most five million a day
  int days = 0;                    ///< 3 to 3650; 0 leaves the choice to default_days
  std::uint64_t seed = 1;
};

/// Two weeks for small files, up to four for large ones, so that every day holds thousands of
/// payments. They end on a Friday: the last two days, which training keeps apart, are alike.
int default_days(std::int64_t payments);

/// Writes payments as CSV in order of time. Equal options give equal bytes on every machine. The
/// file appears when it is complete. Errors: numbers out of range, a path that cannot be written.
leat::result<void> generate(const generate_options& options);

} // namespace fraud
