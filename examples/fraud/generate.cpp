#include "generate.hpp"

#include "simulation.hpp"

#include <leat/connectors/files/output_file.hpp>
#include <leat/csv.hpp>

#include <fmt/format.h>

namespace fraud {
namespace {

leat::result<void> check(std::int64_t payments, int days) {
  if (days < 3 || days > 3650)
    return leat::user_error(
        fmt::format("invalid number of days: {}", days),
        "3 to 3650 are possible; the default depends on the number of payments");
  if (payments < 1000 || payments / days > 5'000'000)
    return leat::user_error(
        fmt::format("invalid number of payments: {} for {} days", payments, days),
        "at least 1000, and at most five million per day, are possible");
  return {};
}

} // namespace

int default_days(std::int64_t payments) {
  return payments < 100'000 ? 12 : payments < 500'000 ? 19 : 26; // from a Monday to a Friday
}

leat::result<void> generate(const generate_options& options) {
  const int days = options.days == 0 ? default_days(options.payments) : options.days;
  if (auto fine = check(options.payments, days); !fine)
    return fine;
  auto file = leat::output_file::create(options.path);
  if (!file)
    return file.error();

  std::string line;
  leat::append_csv_header<payment>(line);
  auto written = file->append(line += '\n');
  simulation world(options.payments, days, options.seed);
  for (std::vector<simulated> day; written && world.next_day(day);)
    for (const simulated& s : day) {
      line.clear();
      leat::append_csv(line, s.paid);
      written = file->append(line += '\n');
    }
  return written ? file->complete() : written;
}

} // namespace fraud
