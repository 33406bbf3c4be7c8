#include "evaluation.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <tuple>

namespace edge {
namespace {

double share(std::int64_t part, std::int64_t all) {
  return all == 0 ? 1 : static_cast<double>(part) / static_cast<double>(all);
}

bool covers(const anomaly& a, const alert& raised) {
  return a.from <= raised.timestamp && raised.timestamp <= a.to;
}

std::string folder_of(const std::string& stream) { return stream.substr(0, stream.rfind('/')); }

} // namespace

verdicts& verdicts::operator+=(const verdicts& other) {
  anomalies += other.anomalies;
  found += other.found;
  alerts += other.alerts;
  right += other.right;
  delays += other.delays;
  parts += other.parts;
  return *this;
}

double verdicts::precision() const { return share(right, alerts); }
double verdicts::recall() const { return share(found, anomalies); }
std::chrono::microseconds verdicts::mean_delay() const {
  return delays / std::max<std::int64_t>(found, 1);
}
double verdicts::mean_part() const {
  return parts / static_cast<double>(std::max<std::int64_t>(found, 1));
}

verdicts judge(std::span<const alert> alerts, std::span<const anomaly> known) {
  verdicts v;
  v.anomalies = std::ssize(known);
  v.alerts = std::ssize(alerts);
  v.right = std::ranges::count_if(alerts, [&](const alert& raised) {
    return std::ranges::any_of(known, [&](const anomaly& a) { return covers(a, raised); });
  });
  for (const anomaly& a : known) {
    const auto first = std::ranges::find_if(alerts, [&](const alert& r) { return covers(a, r); });
    if (first == alerts.end())
      continue;
    const auto delay = first->timestamp - a.from;
    ++v.found;
    v.delays += delay;
    if (a.to > a.from)
      v.parts += static_cast<double>(delay.count()) / static_cast<double>((a.to - a.from).count());
  }
  return v;
}

leat::result<std::map<std::string, verdicts>>
judge(const std::vector<std::string>& streams, std::vector<alert> alerts, const labels& known) {
  const auto order = [](const alert& a) { return std::tie(a.sensor, a.timestamp); };
  std::ranges::sort(alerts, {}, order);
  std::map<std::string, verdicts> by_folder;
  for (const std::string& stream : streams) {
    const auto label = known.find(stream);
    if (label == known.end())
      return leat::user_error(fmt::format("the labels do not contain \"{}\"", stream),
                              "streams and labels must be of one benchmark");
    const auto first = std::ranges::lower_bound(alerts, stream, {}, &alert::sensor);
    const auto end = std::ranges::upper_bound(alerts, stream, {}, &alert::sensor);
    by_folder[folder_of(stream)] += judge(std::span<const alert>(first, end), label->second);
  }
  return by_folder;
}

} // namespace edge
