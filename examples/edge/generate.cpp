#include "generate.hpp"

#include "labels.hpp"
#include "records.hpp"

#include <leat/connectors/files/output_file.hpp>
#include <leat/csv.hpp>

#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <random>

namespace edge {
namespace {

using namespace std::chrono_literals;

constexpr leat::event_time first{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};
constexpr auto apart = 5min;
constexpr std::int64_t a_day = 24h / apart;
constexpr std::int64_t lasts = 50; ///< readings that an anomaly's label covers

enum class kind { spike, step, noise };

/// Random numbers that are the same on every machine: the standard's distributions are not.
class dice {
public:
  explicit dice(std::uint64_t seed) : bits_(seed) {}
  /// A number in [low, high).
  double uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(bits_() >> 11) * 0x1p-53);
  }
  /// About normally distributed, around 0 with a deviation of 1.
  double normal() {
    double sum = 0;
    for (int i = 0; i < 12; ++i)
      sum += uniform(-0.5, 0.5);
    return sum;
  }

private:
  std::mt19937_64 bits_;
};

struct planned {
  std::int64_t at;
  kind what;
};

/// One sensor: its values, one after the other.
class sensor {
public:
  sensor(std::uint64_t seed, std::int64_t readings) : dice_(seed) {
    level_ = dice_.uniform(10, 100);
    wave_ = dice_.uniform(0, 10);
    noise_ = dice_.uniform(0.5, 2);
    for (int third = 1; third <= 2; ++third)
      plan_.push_back({static_cast<std::int64_t>(static_cast<double>(readings) *
                                                 (third + dice_.uniform(0.1, 0.8)) / 3),
                       static_cast<kind>(static_cast<int>(dice_.uniform(0, 3)))});
  }

  const std::vector<planned>& plan() const { return plan_; }

  double value(std::int64_t i) {
    const double part = static_cast<double>(i % a_day) / static_cast<double>(a_day);
    double noise = noise_;
    double extra = 0;
    for (const planned& p : plan_) {
      const std::int64_t since = i - p.at;
      if (p.what == kind::spike && since == 0)
        extra += 15 * noise_ + wave_;
      if (p.what == kind::step && since >= 0)
        extra += 10 * noise_ + wave_;
      if (p.what == kind::noise && since >= 0 && since < lasts)
        noise *= 8;
    }
    return level_ + wave_ * 16 * part * (1 - part) * (part - 0.5) + extra + noise * dice_.normal();
  }

private:
  dice dice_;
  double level_ = 0;
  double wave_ = 0;
  double noise_ = 0;
  std::vector<planned> plan_;
};

leat::event_time time_of(std::int64_t reading) { return first + reading * apart; }

std::string text_of(leat::event_time time) {
  std::string text;
  leat::append_scalar(text, time);
  return text;
}

leat::result<void> check(const generate_options& o) {
  if (o.sensors < 1 || o.sensors > 10'000)
    return leat::user_error(fmt::format("invalid number of sensors: {}", o.sensors),
                            "1 to 10 000 are possible");
  if (o.readings < 1000 || o.readings > 10'000'000)
    return leat::user_error(fmt::format("invalid number of readings of a sensor: {}", o.readings),
                            "1000 to 10 000 000 are possible");
  return {};
}

leat::result<void> write(const std::string& path, sensor& s, std::int64_t readings) {
  auto file = leat::output_file::create(path);
  if (!file)
    return file.error();
  auto written = file->append("timestamp,value\n");
  for (std::int64_t i = 0; written && i < readings; ++i)
    written = file->append(fmt::format("{},{:.3f}\n", text_of(time_of(i)), s.value(i)));
  return written ? file->complete() : written;
}

} // namespace

leat::result<void> generate(const generate_options& options) {
  if (auto fine = check(options); !fine)
    return fine;
  const std::filesystem::path folder = options.folder;
  std::error_code failed;
  std::filesystem::create_directories(folder / "data" / "made", failed);
  std::filesystem::create_directories(folder / "labels", failed);
  if (failed)
    return leat::write_error(folder.string(), failed.value());

  nlohmann::json known;
  for (std::int64_t n = 1; n <= options.sensors; ++n) {
    const std::string name = fmt::format("made/sensor-{}.csv", n);
    sensor s(options.seed * 1'000'003 + static_cast<std::uint64_t>(n), options.readings);
    if (auto written = write((folder / "data" / name).string(), s, options.readings); !written)
      return written;
    for (const planned& p : s.plan())
      known[name].push_back({text_of(time_of(p.at)), text_of(time_of(p.at + lasts))});
  }
  auto file = leat::output_file::create((folder / "labels" / "combined_windows.json").string());
  if (!file)
    return file.error();
  const auto written = file->append(known.dump(2) + "\n");
  return written ? file->complete() : written;
}

} // namespace edge
