#include "figures.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace bench {

std::vector<std::vector<double>> interleave(int repeats,
                                            const std::vector<std::function<double()>>& measures) {
  std::vector<std::vector<double>> values(measures.size());
  for (const auto& measure : measures)
    measure(); // warms up caches and the allocator
  for (int r = 0; r < repeats; ++r)
    for (std::size_t i = 0; i < measures.size(); ++i)
      values[i].push_back(measures[i]());
  return values;
}

double cpu_seconds(int who) {
  rusage used{};
  ::getrusage(who, &used);
  return cpu_seconds(used);
}

double cpu_seconds(const rusage& used) {
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

bar ratio_bar(std::string number, std::string name, std::optional<double> target, bool at_least,
              const std::vector<double>& ours, const std::vector<double>& limit) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i)
    ratios.push_back(ours[i] / limit[i]);
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  return {
      std::move(number), std::move(name), median(ratios), target, at_least, *low, *high, "ratio"};
}

void print_table(const std::vector<bar>& bars) {
  fmt::print("\n{:<4} {:<66} {:>9} {:>10} {:>5}  {}\n", "bar", "what", "figure", "target", "met",
             "spread");
  for (const bar& b : bars)
    fmt::print("{:<4} {:<66} {:>9.3g} {:>10} {:>5}  {:.3g} - {:.3g} {}\n", b.number, b.name,
               b.figure,
               b.target ? fmt::format("{} {:>6.3g}", b.at_least ? ">=" : "<=", *b.target) : "",
               b.target ? (b.met() ? "yes" : "NO") : "", b.low, b.high, b.unit);
}

void print_extra(const std::string& line) {
  fmt::print("     {}\n", line);
  std::fflush(stdout);
}

bool write_json(const std::string& path, const std::vector<bar>& bars) {
  auto list = nlohmann::json::array();
  for (const bar& b : bars) {
    const bool aims = b.target.has_value();
    list.push_back({{"bar", b.number},
                    {"name", b.name},
                    {"figure", b.figure},
                    {"target", aims ? nlohmann::json(*b.target) : nullptr},
                    {"better", b.at_least ? "higher" : "lower"},
                    {"met", aims ? nlohmann::json(b.met()) : nullptr},
                    {"spread", {b.low, b.high}},
                    {"unit", b.unit}});
  }
  std::ofstream out(path);
  out << list.dump(2) << '\n';
  return static_cast<bool>(out);
}

} // namespace bench
