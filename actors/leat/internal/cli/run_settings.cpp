#include <leat/internal/cli/run_settings.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/cli/restart_spec.hpp>
#include <leat/quantities.hpp>
#include <leat/scalar_text.hpp>

#include <filesystem>
#include <fmt/format.h>

namespace leat {

namespace {

constexpr std::uint64_t most_workers = 1024;
constexpr std::uint64_t most_frame_records = 1'000'000;
constexpr std::uint64_t least_node_buffer = 64 * 1024;
constexpr std::uint64_t least_batch_memory = 64 * 1024;
constexpr std::chrono::milliseconds shortest_metrics_interval{100};

result<void> read_slow_sinks(const std::vector<std::string>& given,
                             std::map<std::string, std::chrono::nanoseconds>& delays) {
  for (const std::string& text : given) {
    auto slow = split_assignment("--slow-sink", text, "STAGE=DURATION", "alerts=100us");
    if (!slow)
      return slow.error();
    const auto delay = parse_duration(slow->second);
    if (!delay)
      return user_error(
          fmt::format("--slow-sink {}: invalid duration {}", slow->first, shown(slow->second)),
          "a whole number and ns, us, ms, s, min or h: 100us");
    if (!delays.emplace(slow->first, *delay).second)
      return given_twice("--slow-sink", slow->first);
  }
  return {};
}

result<dead_letter_limit> read_dead_letter_limit(const std::string& given) {
  if (given.empty())
    return dead_letter_limit{};
  const bool share = given.back() == '%';
  const std::string_view number = std::string_view(given).substr(0, given.size() - share);
  dead_letter_limit limit;
  if (share) {
    double percent = 0;
    if (parse_scalar(number, percent) == parse_error::none && percent >= 0 && percent <= 100)
      limit.percent = percent;
  } else if (std::uint64_t count = 0; parse_scalar(number, count) == parse_error::none) {
    limit.count = count;
  }
  if (!limit.count && !limit.percent)
    return user_error(fmt::format("--max-dead-letters: invalid limit {}", shown(given)),
                      "a whole number, or a share from 0% to 100%: 1000, 0.5%");
  return limit;
}

} // namespace

void run_settings::declare(option_set& options) {
  const auto add = [&](std::string_view heading, std::string_view flag, auto& value,
                       std::string help) {
    options.add(flag, value, std::move(help)).under(std::string(heading));
  };
  declare_layout(options, "Running");
  add("Running", "--workers N", workers, "number of threads (default: one for each processor)");
  add("Running", "--rate R", rate,
      "read R records a second; latency counts from when each is due "
      "(default: no limit)");
  add("Running", "--slow-sink STAGE=DURATION", slow_sinks,
      "simulate a slow sink: delay per record; once for each sink");
  add("Running", "--frame-records N", frame_records,
      "maximum number of records in a frame; affects no result (advanced)");
  add("Running", "--node-buffer SIZE", node_buffer,
      "memory for what is on its way to a node, or from it");
  add("Running", "--batch-memory SIZE", batch_memory,
      "memory for records that windowing stages hold in a process");
  add("Running", "--batch-folder DIR", batch_folder,
      "directory for what is above that (default: $TMPDIR or /var/tmp)");
  add("Running", "--compress", compress, "compress frames between nodes, for slow links");
  states.declare(options);
  checkpoints.declare(options);
  add("Checkpoints", "--restart SPEC", restart,
      "after a failure: fail, fixed:3,1s or exponential:10,1s,1min");
  add("Checkpoints", "--poison-after N", poison_after,
      "failures of a stage after which their record is a dead letter; 0: never");
  add("Checkpoints", "--supervise", supervise,
      "run under a supervisor, which starts the job again after a crash");
  add("Output", "--dead-letters DIR", dead_letters,
      "directory for dead letters (default: <graph>-dead-letters)");
  add("Output", "--dead-letter-cap SIZE", dead_letter_cap,
      "size of the dead-letter file at which the job waits");
  add("Output", "--max-dead-letters LIMIT", max_dead_letters,
      "maximum number or share of dead letters: 1000, 0.5% (default: fail if no record got "
      "through)");
  add("Output", "--progress WHEN", progress, "show progress: auto (on a terminal), on, off");
  add("Output", "--metrics-out FILE", metrics_out, "write metrics as JSON at the end of the job");
  add("Output", "--metrics-every DURATION", metrics_every,
      "write metrics at this interval, too: 10s (at least 100ms)");
  add("Output", "--log-level LEVEL", log_level,
      "level of messages on standard error: error, warning, info");
  add("Output", "--quiet", quiet, "print neither progress nor summary");
  declare_config(options);
}

result<run_options> run_settings::options() const {
  run_options o;
  const auto wanted = subtasks();
  if (!wanted)
    return wanted.error();
  if (auto fits = check_range("--workers", workers, 0, most_workers); !fits)
    return fits.error();
  if (auto fits = check_range("--frame-records", frame_records, 1, most_frame_records); !fits)
    return fits.error();
  const auto buffer = size_of("--node-buffer", node_buffer);
  if (!buffer)
    return buffer.error();
  if (*buffer < least_node_buffer)
    return user_error(fmt::format("--node-buffer: {} is too small", shown(node_buffer)),
                      "at least 64KiB");
  const auto held = size_of("--batch-memory", batch_memory);
  if (!held)
    return held.error();
  if (*held < least_batch_memory)
    return user_error(fmt::format("--batch-memory: {} is too small", shown(batch_memory)),
                      "at least 64KiB");
  if (rate < 0)
    return user_error(fmt::format("--rate: {} must not be negative", rate));
  auto chosen = batchings();
  if (!chosen)
    return chosen.error();
  const auto local = local_workers();
  if (!local)
    return local.error();
  auto pins_of_stages = pinned();
  if (!pins_of_stages)
    return pins_of_stages.error();
  if (auto done = read_slow_sinks(slow_sinks, o.slow_sinks); !done)
    return done.error();
  const auto limit = read_dead_letter_limit(max_dead_letters);
  if (!limit)
    return limit.error();
  auto saving = checkpoints.options();
  if (!saving)
    return saving.error();
  auto where = states.backend();
  if (!where)
    return where.error();
  o.states = std::move(*where);
  o.max_dead_letters = *limit;
  o.checkpoints = std::move(*saving);
  auto again = parse_restart(restart);
  if (!again)
    return user_error("--restart: " + again.error().what, again.error().hint);
  o.restarts = *again;
  if (poison_after == 1)
    return user_error("--poison-after: 1 is too few",
                      "at least 2, since records are noted from the first failure on; 0: never");
  o.restarts.poison_after = poison_after;
  if (supervise && o.checkpoints.folder.empty())
    return user_error("--supervise requires --checkpoint-dir", "add --checkpoint-dir DIR");
  if (supervise && o.restarts.attempts == 0)
    return user_error("--supervise requires --restart", "add --restart fixed:3,1s");
  o.parallelism = *wanted;
  o.batchings = std::move(*chosen);
  o.workers = workers;
  o.local_workers = *local;
  o.pins = std::move(*pins_of_stages);
  o.shared = shared_stages();
  o.rate = rate;
  o.frames.records = frame_records;
  o.node_buffer = *buffer;
  o.batch_memory = *held;
  o.batch_folder = batch_folder;
  o.compress = compress;
  return o;
}

std::vector<named_file> run_settings::outputs(const std::string& dead_letter_file) const {
  std::vector<named_file> all{{"--dead-letters", dead_letter_file}};
  if (!metrics_out.empty())
    all.push_back({"--metrics-out", metrics_out});
  return all;
}

std::string run_settings::dead_letter_folder(const std::string& graph) const {
  return dead_letters.empty() ? graph + "-dead-letters" : dead_letters;
}

result<void> run_settings::check_dead_letter_folder(const std::string& graph) const {
  const std::string folder = dead_letter_folder(graph);
  std::error_code unknown; // what cannot be looked up fails at the first dead letter
  if (std::filesystem::exists(folder, unknown) && !std::filesystem::is_directory(folder, unknown))
    return user_error(fmt::format("--dead-letters: {} is not a folder", shown(folder)),
                      "choose another path");
  return {};
}

result<std::uint64_t> run_settings::dead_letter_bytes() const {
  return size_of("--dead-letter-cap", dead_letter_cap);
}

result<bool> run_settings::shows_progress(bool live) const {
  if (progress != "auto" && progress != "on" && progress != "off")
    return user_error(fmt::format("--progress: {} is not auto, on or off", shown(progress)));
  return !quiet && (progress == "on" || (progress == "auto" && live));
}

result<event_level> run_settings::logged() const {
  auto level = parse_event_level(log_level);
  if (!level)
    return user_error("--log-level: " + level.error().what);
  return level;
}

result<std::optional<std::chrono::milliseconds>> run_settings::metrics_interval() const {
  if (metrics_every.empty())
    return std::optional<std::chrono::milliseconds>{};
  if (metrics_out.empty())
    return user_error("--metrics-every requires --metrics-out", "add --metrics-out FILE");
  const auto every = parse_duration(metrics_every);
  if (!every || *every < shortest_metrics_interval)
    return user_error(fmt::format("--metrics-every: invalid interval {}", shown(metrics_every)),
                      "at least 100ms: a whole number and ms, s, min or h: 10s");
  return std::optional{std::chrono::duration_cast<std::chrono::milliseconds>(*every)};
}

} // namespace leat
