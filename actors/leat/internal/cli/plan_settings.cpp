#include <leat/internal/cli/plan_settings.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/cli/columns.hpp>
#include <leat/quantities.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {
constexpr std::uint64_t most_local_workers = 64;
} // namespace

void plan_settings::declare_layout(option_set& options, const std::string& heading) {
  options.add("--parallelism N", parallelism, "default parallelism of keyed stages").under(heading);
  options
      .add("--window STAGE=SPEC", windows,
           "batching of a windowing stage; once for each stage "
           "(default: that of the graph)")
      .under(heading);
  options
      .add("--local-cluster N", local_cluster,
           "share the work among N worker processes on this host (default: none)")
      .under(heading);
  options
      .add("--pin STAGE=NODE", pins,
           "run a stage on a node or a label's nodes only; once for each stage")
      .under(heading);
  options
      .add("--shared STAGE", shared,
           "source or sink whose path is valid on all nodes; once for each stage")
      .under(heading);
}

void plan_settings::declare_config(option_set& options) {
  options.add("--config FILE", config, "TOML file with options; the command line overrides it")
      .under("Configuration")
      .names_config();
}

result<std::size_t> plan_settings::subtasks() const {
  if (auto fits = check_range("--parallelism", parallelism, 1, max_parallelism); !fits)
    return fits.error();
  return parallelism;
}

result<std::map<std::string, any_batching>> plan_settings::batchings() const {
  std::map<std::string, any_batching> all;
  for (const std::string& text : windows) {
    const auto window =
        split_assignment("--window", text, "STAGE=SPEC", "pane=micro-batch:256,5ms");
    if (!window)
      return window.error();
    const auto& [stage, spec] = *window;
    const auto batching = any_batching::parse(spec);
    if (!batching)
      return user_error(fmt::format("--window {}: {}", stage, batching.error().what),
                        batching.error().hint);
    if (!all.emplace(stage, *batching).second)
      return given_twice("--window", stage);
  }
  return all;
}

result<std::size_t> plan_settings::local_workers() const {
  if (auto fits = check_range("--local-cluster", local_cluster, 0, most_local_workers); !fits)
    return fits.error();
  return local_cluster;
}

result<std::map<std::string, std::string>> plan_settings::pinned() const {
  std::map<std::string, std::string> all;
  for (const std::string& text : pins) {
    auto pin = split_assignment("--pin", text, "STAGE=NODE", "risk=worker-1");
    if (!pin)
      return pin.error();
    if (!all.insert(std::move(*pin)).second)
      return given_twice("--pin", text.substr(0, text.find('=')));
  }
  return all;
}

result<void> plan_settings::check_stages(const plan& p) const {
  for (const auto& [name, place] : places) {
    const auto space = name.find(' ');
    const auto stage = name.substr(space + 1);
    const auto is_named = [&](const plan_stage& s) { return s.name == stage; };
    if (space == name.npos || std::ranges::any_of(p.stages, is_named))
      continue;
    std::vector<std::string_view> names;
    for (const plan_stage& s : p.stages)
      names.push_back(s.name);
    return user_error(fmt::format("{}: there is no stage {}", place, shown(stage)),
                      fmt::format("stages of this graph: {}", fmt::join(names, ", ")));
  }
  return {};
}

std::string plan_settings::specs() {
  static const text_rows specs = {
      {"record", "each record by itself"},
      {"micro-batch:256,5ms", "up to 256 records, but none waits longer than 5 ms"},
      {"every:1s", "what came in each second of the clock"},
      {"every:1s,10000", "likewise, in pieces of at most 10 000"},
      {"batch", "everything at once, at the end of the input"}};
  return "\nSPEC, for --window (durations in ns, us, ms, s, min, h):\n" +
         in_columns(specs, help_layout);
}

result<void> check_range(std::string_view option, std::uint64_t value, std::uint64_t least,
                         std::uint64_t most) {
  if (value >= least && value <= most)
    return {};
  return user_error(fmt::format("{}: {} is not between {} and {}", option, value, least, most));
}

result<std::uint64_t> size_of(std::string_view option, const std::string& given) {
  const auto bytes = parse_size(given);
  if (!bytes)
    return user_error(fmt::format("{}: invalid size {}", option, shown(given)),
                      "a whole number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB: 512MB");
  return *bytes;
}

result<std::chrono::nanoseconds> duration_of(std::string_view option, const std::string& given,
                                             std::chrono::nanoseconds least) {
  const auto read = parse_duration(given);
  if (!read || *read < least)
    return user_error(fmt::format("{}: invalid duration {}", option, shown(given)),
                      fmt::format("a whole number and us, ms, s, min or h, at least {}: 10s",
                                  duration_text(least)));
  return *read;
}

result<assignment> split_assignment(std::string_view option, const std::string& given,
                                    std::string_view form, std::string_view example) {
  const auto equals = given.find('=');
  if (equals == given.npos || equals == 0)
    return user_error(fmt::format("{}: {} is not {}", option, shown(given), form),
                      fmt::format("for example {} {}", option, example));
  return assignment{given.substr(0, equals), given.substr(equals + 1)};
}

error given_twice(std::string_view option, std::string_view stage) {
  return user_error(fmt::format("{} {} is given twice", option, stage));
}

} // namespace leat
