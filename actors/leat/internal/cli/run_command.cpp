#include <leat/internal/cli/run_command.hpp>

#include <leat/connectors/files/dead_letter_file.hpp>
#include <leat/detail/plan/guarantees.hpp>
#include <leat/detail/record/utf8.hpp>
#include <leat/internal/cli/finished_job.hpp>
#include <leat/internal/cli/progress.hpp>
#include <leat/internal/cli/savepoint_command.hpp>
#include <leat/internal/cli/signals.hpp>
#include <leat/internal/cli/summary.hpp>
#include <leat/internal/cli/supervisor.hpp>
#include <leat/internal/cluster/worker.hpp>
#include <leat/internal/observe/job_watch.hpp>
#include <leat/internal/observe/metrics_file.hpp>
#include <leat/quantities.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{25};
constexpr std::chrono::seconds between_watches{1};

// Waits for a job, hands on its events and metrics, and obeys signals.
class attended_run {
public:
  attended_run(job& j, dead_letter_file& dead_letters, job_bus& bus, job_watch& watch,
               stop_signals& signals, const checkpoint_settings& checkpoints)
      : job_(j), dead_letters_(dead_letters), bus_(bus), watch_(watch), signals_(signals),
        stop_savepoint_(checkpoints.stop_savepoint),
        savepoints_(j, checkpoints.folder, [&bus](const std::string& text) {
          bus.publish(event_level::warning, event_kind::checkpoints, text);
        }) {}

  void wait() {
    while (!job_.wait_for(between_looks)) {
      obey();
      savepoints_.look(std::chrono::steady_clock::now());
      bus_.turn([this] { return job_.metrics(); });
    }
    at_stop_ = savepoints_.close();
    bus_.deliver();
  }
  /// An error if the savepoint that the job was to stop with was not made.
  const result<void>& at_stop() const { return at_stop_; }
  bool stopped() const { return stopped_; }

private:
  void obey() {
    if (signals_.count() > 0 && !stopped_) {
      stopped_ = true;
      if (stop_savepoint_.empty())
        job_.stop();
      else
        savepoints_.stop(stop_savepoint_);
      const std::string_view again = again_text(signals_.last());
      watch_.stopping(again);
      bus_.publish(event_level::warning, event_kind::stopping,
                   fmt::format("stopping: {} ({} to stop at once)",
                               job_.metrics().checkpoints ? "making a checkpoint"
                                                          : "finishing what was read",
                               again));
    }
    if (signals_.count() > 1 && !aborted_) {
      aborted_ = true;
      dead_letters_.abandon();
      job_.abort();
      signals_.release();
      bus_.publish(event_level::info, event_kind::aborted, "stopping at once");
    }
  }

  job& job_;
  dead_letter_file& dead_letters_;
  job_bus& bus_;
  job_watch& watch_;
  stop_signals& signals_;
  std::string stop_savepoint_;
  savepoint_desk savepoints_;
  result<void> at_stop_;
  bool stopped_ = false;
  bool aborted_ = false;
};

// All of run_settings that a running job is watched with.
struct attention {
  std::uint64_t dead_letter_cap = 0;
  bool progress = false;
  event_level logged = event_level::warning;
  std::optional<std::chrono::milliseconds> metrics_interval;
  std::optional<metrics_file> metrics;

  static result<attention> of(const run_settings& settings, const std::string& graph,
                              std::FILE* err) {
    if (auto usable = settings.check_dead_letter_folder(graph); !usable)
      return usable.error();
    const auto cap = settings.dead_letter_bytes();
    if (!cap)
      return cap.error();
    const auto progress = settings.shows_progress(is_live_terminal(err));
    if (!progress)
      return progress.error();
    const auto logged = settings.logged();
    if (!logged)
      return logged.error();
    const auto interval = settings.metrics_interval();
    if (!interval)
      return interval.error();
    attention a{*cap, *progress, *logged, *interval, {}};
    if (settings.metrics_out.empty())
      return a;
    auto metrics = metrics_file::create(settings.metrics_out);
    if (!metrics)
      return metrics.error();
    a.metrics = std::move(*metrics);
    return a;
  }
};

// Warnings stand as they are; what is less says so.
std::string as_logged(const job_event& e) {
  return e.level > event_level::warning ? "info: " + e.text : e.text;
}

// A job does not fail because its metrics cannot be written.
void tell_metrics_fault(job_bus& bus, const result<void>& written) {
  if (!written)
    bus.publish(event_level::warning, event_kind::metrics, "metrics: " + written.error().what);
}

std::string started_text(const job_metrics& r) {
  return fmt::format("job {} started: {} stages", r.name, r.stages.size());
}

std::string ended_text(const job_metrics& r, std::string_view how) {
  return fmt::format("job {} {}: {} records in {}", r.name, how, grouped(r.records()),
                     clock_text(r.elapsed));
}

// What a failure leaves behind is said before the first record; empty if it leaves nothing.
std::string published_text(const plan& p) {
  std::vector<std::string_view> names;
  for (const plan_stage& s : p.stages)
    if (s.publishes_as_it_goes())
      names.push_back(s.name);
  return names.empty() ? ""
                       : fmt::format("{} publish{} as it goes: a job that fails leaves the records "
                                     "written so far",
                                     fmt::join(names, ", "), names.size() == 1 ? "es" : "");
}

// So is what a crash costs in spite of checkpoints, and, for those who want to know, what it does
// not cost.
void tell_guarantees(job_bus& bus, const std::vector<stage_guarantee>& all) {
  for (const stage_guarantee& g : all)
    bus.publish(g.level == guarantee::exactly_once ? event_level::info : event_level::warning,
                event_kind::started, text_of(g));
}

// Brings the bus to the console and into the metrics file.
void subscribe(job_bus& bus, attention& a, std::optional<progress_line>& line, const console& to) {
  bus.listen([&](const job_event& e) {
    if (e.level > a.logged)
      return;
    if (line)
      line->clear();
    to.note(as_logged(e));
  });
  if (a.progress) {
    line.emplace(to.err);
    bus.observe(line->interval(), [&](const job_metrics& r) { line->show(r); });
  }
  if (a.metrics_interval)
    bus.observe(*a.metrics_interval, [&](const job_metrics& r) {
      tell_metrics_fault(bus, a.metrics->write(r, job_state::running));
    });
}

// Tells the bus, and the metrics file, how the job ended.
void tell_end(job_bus& bus, attention& a, const job_metrics& r, const result<void>& done,
              bool stopped) {
  const job_state state = !done     ? job_state::failed
                          : stopped ? job_state::stopped
                                    : job_state::done;
  if (a.metrics)
    tell_metrics_fault(bus, a.metrics->write(r, state, done ? nullptr : &done.error()));
  if (done)
    bus.publish(event_level::info, event_kind::ended, ended_text(r, "ended"));
  else
    bus.publish(event_level::info, event_kind::failed, ended_text(r, "failed"), done.error().stage);
  bus.deliver();
}

// What is run: a graph, and how.
struct run_plan {
  leat::graph g;
  run_options options;

  static result<run_plan> of(const graph_maker& make, const run_settings& settings) {
    auto options = settings.options();
    if (!options)
      return placed(options.error(), settings.places);
    auto g = made(make);
    if (!g)
      return g.error();
    if (auto there = settings.check_stages(g->plan()); !there)
      return there.error();
    return run_plan{std::move(*g), std::move(*options)};
  }
};

// Another process watches the job and tells how it gets on.
exit_code work(run_plan run, run_role role, const console& to) {
  const auto end = run_worker(std::move(run.g), std::move(run.options), std::move(*role.worker),
                              [&to](const std::string& note) { to.note(note); });
  if (!end)
    return to.refuse(end.error());
  if (role.another_attempt)
    *role.another_attempt = *end == worker_end::another_attempt;
  return exit_done;
}

// Tells the bus that the job runs, and what its user has to know from the start.
void tell_start(job_bus& bus, const job& j, const std::string& published,
                const std::vector<stage_guarantee>& guarantees) {
  bus.publish(event_level::info, event_kind::started, started_text(j.metrics()));
  for (const std::string& note : j.notes())
    bus.publish(event_level::warning, event_kind::started, note);
  if (const auto made = j.metrics().checkpoints; made && made->restored > 0) {
    for (const std::string& damage : made->passed_over)
      bus.publish(event_level::warning, event_kind::started,
                  fmt::format("a newer checkpoint is passed over: {}", damage));
    bus.publish(event_level::warning, event_kind::started,
                fmt::format("continuing from checkpoint {}", made->restored));
  }
  if (!published.empty())
    bus.publish(event_level::warning, event_kind::started, published);
  tell_guarantees(bus, guarantees);
}

exit_code code_of_failure(const job& j, const error& fault, const stop_signals& signals) {
  if (signals.count() > 1)
    return exit_stopped_at_once;
  const bool refused = !j.began() && !fault.retry;
  return refused ? exit_refused : exit_failed;
}

void print_summary(const job_metrics& metrics, std::string_view dead_letter_file,
                   const further_rows& more, const console& to) {
  text_rows rows = summary_of(metrics, dead_letter_file);
  if (more) {
    const text_rows further = more(metrics);
    rows.insert(rows.end(), further.begin(), further.end());
  }
  to.print(in_columns(rows));
}

// Runs the job in this process, which attends it.
exit_code attend(run_plan run, const run_settings& settings, const further_rows& more,
                 const console& to, const run_role& role) {
  auto attended = attention::of(settings, run.g.name(), to.err);
  if (!attended)
    return to.refuse(placed(attended.error(), settings.places));
  job_bus bus;
  std::optional<progress_line> line;
  subscribe(bus, *attended, line, to);
  if (const auto finished = texts_if_finished(run.g.plan(), run.options); !finished.empty()) {
    for (const std::string& text : finished)
      bus.publish(event_level::warning, event_kind::ended, text);
    bus.deliver();
    return exit_done;
  }
  dead_letter_file dead_letters(settings.dead_letter_folder(run.g.name()),
                                attended->dead_letter_cap, [&](std::string_view text) {
                                  bus.publish(event_level::warning, event_kind::dead_letters,
                                              std::string(text));
                                });
  run.options.dead_letters = &dead_letters;
  run.options.outputs = settings.outputs(dead_letters.path());
  job_watch watch(bus, dead_letters.path());
  bus.observe(between_watches, [&](const job_metrics& r) { watch.look(r); });

  stop_signals signals;
  // A second signal counts from its arrival on, not from when it is looked for.
  run.options.accept = [&signals](const job_metrics&) -> result<void> {
    if (signals.count() > 1)
      return stopped_at_once();
    return {};
  };
  if (role.workers_from)
    run.options.cluster = workers_of(
        *role.workers_from, role.workers, role.what, [&signals] { return signals.count() > 0; },
        [&to](const std::string& text) { to.note(text); });
  const bool checkpoints = !run.options.checkpoints.folder.empty();
  const std::string published =
      settings.quiet || checkpoints ? std::string{} : published_text(run.g.plan());
  const auto promised =
      settings.quiet || !checkpoints ? std::vector<stage_guarantee>{} : guarantees(run.g.plan());
  auto started = job::start(std::move(run.g), std::move(run.options));
  if (!started)
    return to.refuse(placed(started.error(), settings.places));
  tell_start(bus, *started, published, promised);
  attended_run attendant(*started, dead_letters, bus, watch, signals, settings.checkpoints);
  attendant.wait();
  const auto done = started->wait();
  const job_metrics metrics = started->metrics();
  watch.look(metrics);
  tell_end(bus, *attended, metrics, done, attendant.stopped());
  if (line)
    line->clear();

  if (!done) {
    to.tell(done.error());
    if (metrics.dead_letters > 0)
      to.note(fmt::format("dead letters: {} (in {})", grouped(metrics.dead_letters),
                          dead_letters.path()));
    return code_of_failure(*started, done.error(), signals);
  }
  if (!attendant.at_stop()) {
    to.tell(attendant.at_stop().error());
    return exit_failed;
  }
  if (!settings.quiet)
    print_summary(metrics, dead_letters.path(), more, to);
  return exit_done;
}

// The workers of a job come from one place.
result<void> check_workers(const run_settings& settings, const run_role& role) {
  if (!role.workers_from || settings.local_cluster == 0)
    return {};
  return placed(
      user_error("--local-cluster: this coordinator waits for workers from other hosts, and starts "
                 "none on its own",
                 "leave out --local-cluster, or give it to the command run without a coordinator"),
      settings.places);
}

} // namespace

exit_code run_command(const graph_maker& make, const run_settings& settings,
                      const further_rows& more, const console& to, run_role role) {
  // First: who is left alone has to notice.
  if (const auto order = worker_invitation::of_this_process())
    role.worker = role_of(*order);
  survive_file_limit();
  if (settings.supervise && !role.worker && !is_supervised()) {
    if (role.workers_from)
      return to.refuse(user_error("--supervise: a coordinator of other hosts is not supervised",
                                  "leave out --supervise"));
    return supervise(settings, to);
  }
  if (auto fit = check_workers(settings, role); !fit)
    return to.refuse(fit.error());
  auto run = run_plan::of(make, settings);
  if (!run && role.worker)
    give_up(*role.worker, run.error());
  if (!run)
    return to.refuse(run.error());
  if (!run->options.checkpoints.folder.empty())
    blame_crashes();
  if (role.worker)
    return work(std::move(*run), std::move(role), to);
  return attend(std::move(*run), settings, more, to, role);
}

} // namespace leat
