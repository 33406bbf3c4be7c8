#include <leat/control/run_command.hpp>

#include <leat/cluster/worker.hpp>
#include <leat/control/progress.hpp>
#include <leat/control/signals.hpp>
#include <leat/control/summary.hpp>
#include <leat/sinks/dead_letter_file.hpp>
#include <leat/utf8.hpp>

#include <fmt/format.h>
#include <mutex>
#include <optional>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{25};

// What other threads have to say. It waits for the thread that owns the console.
class notices {
public:
  void add(std::string_view text) {
    const std::lock_guard lock(mutex_);
    texts_.emplace_back(text);
  }
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(texts_, {});
  }

private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
};

// A running job and who watches it.
class attended_run {
public:
  attended_run(job& j, dead_letter_file& office, notices& news, stop_signals& signals,
               bool progress, const console& to)
      : job_(j), office_(office), news_(news), signals_(signals), to_(to) {
    if (progress)
      due_ = std::chrono::steady_clock::now() + line_.emplace(to.err).interval();
  }

  /// Waits for the end; true unless it came at once by request.
  bool wait() {
    while (!job_.wait_for(between_looks)) {
      obey();
      say_news();
      show_progress();
    }
    say_news();
    if (line_)
      line_->clear();
    return !aborted_;
  }

private:
  void obey() {
    const int asked = signals_.count();
    if (asked >= 1 && !stopped_) {
      stopped_ = true;
      job_.stop();
      news_.add("stopping: finishing what was read (Ctrl-C again to stop at once)");
    }
    if (asked >= 2 && !aborted_) {
      aborted_ = true;
      office_.abandon();
      job_.abort();
      signals_.release();
    }
  }

  void show_progress() {
    const auto now = std::chrono::steady_clock::now();
    if (!line_ || now < due_)
      return;
    line_->show(job_.report());
    due_ = now + line_->interval();
  }

  void say_news() {
    const auto texts = news_.take();
    if (!texts.empty() && line_)
      line_->clear();
    for (const std::string& text : texts)
      to_.note(text);
  }

  job& job_;
  dead_letter_file& office_;
  notices& news_;
  stop_signals& signals_;
  const console& to_;
  std::optional<progress_line> line_;
  std::chrono::steady_clock::time_point due_; // the next line
  bool stopped_ = false;
  bool aborted_ = false;
};

result<leat::graph> made(const graph_maker& make) {
  try {
    return make();
  } catch (const failure& f) {
    return f.error();
  }
}

} // namespace

exit_code run_command(const graph_maker& make, const run_settings& settings,
                      const further_rows& more, const console& to) {
  auto options = settings.options();
  if (!options)
    return to.refuse(options.error());
  const auto cap = settings.dead_letter_bytes();
  if (!cap)
    return to.refuse(cap.error());
  const auto progress = settings.shows_progress(is_live_terminal(to.err));
  if (!progress)
    return to.refuse(progress.error());
  auto g = made(make);
  if (!g)
    return to.refuse(g.error());

  notices news;
  dead_letter_file office(settings.dead_letter_folder(g->name()), *cap,
                          [&](std::string_view text) { news.add(text); });
  options->dead_letters = &office;

  if (const auto order = join_order::of_this_process()) {
    const auto done = run_worker(std::move(*g), *options, *order);
    return done ? exit_done : to.refuse(done.error());
  }
  stop_signals signals;
  auto started = job::start(std::move(*g), std::move(*options));
  if (!started)
    return to.refuse(started.error());
  const bool at_once = !attended_run(*started, office, news, signals, *progress, to).wait();
  const auto done = started->wait();
  const job_report report = started->report();
  if (!done) {
    to.tell(done.error());
    if (at_once)
      return exit_stopped_at_once;
    const bool refused = report.records() == 0 && done.error().domain == error_domain::user;
    return refused ? exit_refused : exit_failed;
  }
  if (settings.quiet)
    return exit_done;
  text_rows rows = summary_of(report, office.path());
  if (more) {
    const text_rows further = more(report);
    rows.insert(rows.end(), further.begin(), further.end());
  }
  to.print(in_columns(rows));
  return exit_done;
}

void describe_settings::declare(option_set& options) {
  options.add("--format FORMAT", format, "text, or mermaid for a flowchart").under("Output");
  options.add("--parallelism N", parallelism, "as it would be run").under("Output");
}

exit_code describe_command(const graph_maker& make, const describe_settings& settings,
                           const console& to) {
  if (settings.format != "text" && settings.format != "mermaid")
    return to.refuse(user_error(
        fmt::format("--format: {} is neither text nor mermaid", shown(settings.format))));
  if (auto fits = check_range("--parallelism", settings.parallelism, 1, max_parallelism); !fits)
    return to.refuse(fits.error());
  auto g = made(make);
  if (!g)
    return to.refuse(g.error());
  if (const auto faults = g->validate(); !faults.empty()) {
    for (const error& e : faults)
      to.tell(e);
    return exit_refused;
  }
  const leat::plan& p = g->plan();
  to.print(settings.format == "text" ? p.describe_text(settings.parallelism)
                                     : p.describe_mermaid(settings.parallelism));
  return exit_done;
}

} // namespace leat
