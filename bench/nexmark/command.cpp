#include "command.hpp"

#include "measure.hpp"

#include <leat/options.hpp>
#include <leat/quantities.hpp>
#include <leat/run.hpp>

#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace nexmark {

namespace {

struct settings {
  std::string query;
  generator_options input;
  std::string disorder = "0s";
  std::uint64_t parallelism = 1;
  std::uint64_t workers = 0;
  std::string json;

  leat::option_set options() {
    leat::option_set all;
    all.add("--query NAME", query, "query to run, such as q3").required();
    all.add("--events N", input.events, "events to generate");
    all.add("--rate N", input.rate, "events in a second of event time");
    all.add("--disorder DURATION", disorder, "bound of the disorder of event times, such as 4s");
    all.add("--splits N", input.splits, "splits of the source, each with a subtask");
    all.add("--parallelism N", parallelism, "subtasks of keyed stages");
    all.add("--workers N", workers, "threads; 0: one for each processor");
    all.add("--json FILE", json, "file for the figures, as JSON");
    return all;
  }

  /// After the options were read.
  leat::result<void> check() {
    if (disorder != "0s") {
      const auto read = leat::parse_duration(disorder);
      if (!read)
        return leat::user_error(fmt::format("--disorder: invalid duration \"{}\"", disorder),
                                "a duration is a number and a unit, such as 4s or 500ms");
      input.disorder = std::chrono::duration_cast<std::chrono::microseconds>(*read);
    }
    return input.check();
  }
};

std::string help(const leat::option_set& options) {
  std::string text = "Runs a query of Nexmark over generated events.\n\n"
                     "usage: nexmark --query NAME [OPTIONS]\n" +
                     options.help() + "\nQueries:\n";
  for (const query& q : queries())
    text += fmt::format("  {:<4} {}\n", q.name, q.about);
  text += "\nLeft out:\n";
  for (const missing_query& m : missing_queries())
    text += fmt::format("  {:<4} {}\n", m.name, m.reason);
  return text;
}

leat::result<void> write_json(const std::string& path, const query& q, const measurement& m,
                              double generator_seconds) {
  std::ofstream out(path);
  out << nlohmann::ordered_json{{"query", q.name},
                                {"events", m.events},
                                {"seconds", m.seconds},
                                {"cpu_seconds", m.cpu_seconds},
                                {"events_per_second", m.events_per_second()},
                                {"events_per_core_second", m.events_per_core_second()},
                                {"generator_cpu_seconds", generator_seconds}}
             .dump(2)
      << '\n';
  if (!out.flush())
    return leat::external_error(fmt::format("cannot write \"{}\"", path));
  return {};
}

void print(std::FILE* out, const query& q, const measurement& m, double generator_seconds) {
  const double per_event = 1e9 / static_cast<double>(m.events);
  fmt::print(out,
             "query                {}\n"
             "events               {}\n"
             "results              {}\n"
             "seconds              {:.2f}\n"
             "CPU seconds          {:.2f}\n"
             "events/s             {}\n"
             "events/core second   {}\n"
             "CPU of an event      {:.1f} ns\n"
             "generator by itself  {:.1f} ns\n",
             q.name, leat::grouped(m.events), leat::grouped(m.results), m.seconds, m.cpu_seconds,
             leat::compact(m.events_per_second()), leat::compact(m.events_per_core_second()),
             m.cpu_seconds * per_event, generator_seconds * per_event);
}

leat::result<void> run(const settings& with, const query& q, std::FILE* out) {
  leat::run_options options;
  options.parallelism = with.parallelism;
  options.workers = with.workers;
  const auto measured = measure(q, with.input, options);
  if (!measured)
    return measured.error();
  const double generator_seconds = generator_cpu_seconds(with.input);
  print(out, q, *measured, generator_seconds);
  return with.json.empty() ? leat::result<void>{}
                           : write_json(with.json, q, *measured, generator_seconds);
}

int fail(std::FILE* err, const leat::error& e) {
  fmt::print(err, "nexmark: error: {}\n", leat::to_string(e));
  return e.domain == leat::error_domain::user ? leat::exit_refused : leat::exit_failed;
}

} // namespace

int command(int argc, char** argv, std::FILE* out, std::FILE* err) {
  settings with;
  const leat::option_set options = with.options();
  const auto read = options.parse({argv + 1, argv + argc});
  if (!read)
    return fail(err, read.error());
  if (*read == leat::parsed::call_for_help) {
    fmt::print(out, "{}", help(options));
    return leat::exit_done;
  }
  const auto q = find_query(with.query);
  if (!q)
    return fail(err, q.error());
  if (const auto checked = with.check(); !checked)
    return fail(err, checked.error());
  const auto done = run(with, *q, out);
  return done ? leat::exit_done : fail(err, done.error());
}

} // namespace nexmark
