// Simulates jobs that crash, one for each seed: simulate [--seeds N | --seconds S] [--first SEED]
// [--json FILE]. Seed n is the same in every run. The exit code is 1 if the outputs of a seed are
// wrong, or if a thousand seeds did not come to all that they are to come to.
#include "simulate/crashing_job.hpp"

#include <leat/options.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <fstream>

using namespace simulate;

namespace {

constexpr std::uint64_t enough_seeds = 1000; ///< for all that they are to come to
constexpr std::size_t most_failures = 20;

struct settings {
  std::uint64_t seeds = 2000, first = 1;
  double seconds = 0;
  std::string json;
};

struct outcome {
  reached count;
  std::uint64_t seeds = 0;
  double seconds = 0;
  std::vector<std::uint64_t> failing;

  bool good() const {
    const bool all = std::ranges::find(count.times, 0U) == count.times.end();
    return failing.empty() && (all || seeds < enough_seeds);
  }
};

outcome run(const settings& s) {
  using seconds = std::chrono::duration<double>;
  const auto began = std::chrono::steady_clock::now();
  outcome o;
  const auto goes_on = [&] {
    o.seconds = seconds{std::chrono::steady_clock::now() - began}.count();
    return s.seconds > 0 ? o.seconds < s.seconds : o.seeds < s.seeds;
  };
  for (; goes_on() && o.failing.size() < most_failures; ++o.seeds)
    if (const auto wrong = wrong_with(s.first + o.seeds, o.count)) {
      o.failing.push_back(s.first + o.seeds);
      std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(o.failing.back()),
                   wrong->c_str());
    }
  return o;
}

nlohmann::ordered_json as_json(const settings& s, const outcome& o) {
  nlohmann::ordered_json moments;
  for (std::size_t i = 0; i < moment_names.size(); ++i)
    moments[moment_names[i]] = o.count.times[i];
  return {{"first", s.first},
          {"seeds", o.seeds},
          {"failing_seeds", o.failing},
          {"seconds", o.seconds},
          {"seeds_per_second", static_cast<double>(o.seeds) / o.seconds},
          {"processes", o.count.attempts},
          {"steps", o.count.steps},
          {"distinct_interleavings", o.count.orders.size()},
          {"reached", moments},
          {"go_on_with", s.first + o.seeds}};
}

} // namespace

int main(int argc, char** argv) {
  settings s;
  leat::option_set options;
  options.add("--seeds N", s.seeds, "number of jobs");
  options.add("--seconds S", s.seconds, "time to simulate for, instead of a number");
  options.add("--first SEED", s.first, "seed of the first job");
  options.add("--json FILE", s.json, "file for the outcome");
  const auto read = options.parse({argv + 1, argv + argc});
  if (!read || *read == leat::parsed::call_for_help) {
    std::fputs((read ? options.help() : to_string(read.error()) + '\n').c_str(), stderr);
    return 2;
  }
  const outcome o = run(s);
  const std::string text = as_json(s, o).dump(2) + '\n';
  std::fputs(text.c_str(), stdout);
  if (!s.json.empty())
    std::ofstream{s.json} << text;
  return o.good() ? 0 : 1;
}
