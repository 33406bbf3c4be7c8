#include "simulate/crashing_job.hpp"

#include "support/ledger.hpp"
#include "support/letters.hpp"
#include "support/map_states.hpp"
#include "support/random_graph.hpp"

#include <fmt/format.h>

namespace simulate {
namespace {

using namespace support::random_graph;
using leat::testing::simulation;
using support::dice;
using support::item;
namespace reference = support::reference;

/// A rule that was broken.
struct violation {
  std::string what;
};

void require(bool holds, const std::string& what) {
  if (!holds)
    throw violation{what};
}

/// Of each stage: records in and out, late ones, dead letters.
using counts = std::map<std::string, std::array<std::uint64_t, 4>>;
counts counted(const leat::job_metrics& m) {
  counts all;
  for (const leat::stage_metrics& s : m.stages)
    all[s.name] = {s.records_in, s.records_out, s.late, s.dead_letters};
  return all;
}

std::vector<std::string> sorted(std::vector<std::string> all) {
  std::ranges::sort(all);
  return all;
}

/// Sees when a process has completed so many checkpoints, and has not yet told its sinks.
struct manifest_watch {
  int awaited = 0;
  std::uint64_t operations = 0; ///< of the disk, when it looked last
  std::uint64_t completed = 0;

  bool seen(const leat::testing::simulated_disk& disk, const simulation& process) {
    if (std::exchange(operations, disk.operations()) == disk.operations())
      return false;
    const auto now = process.metrics().checkpoints->completed;
    return std::exchange(completed, now) < now && --awaited == 0;
  }
};

/// What befalls a process.
enum class fate { none, crash_at_step, crash_at_operation, failing_operation, sleep, stop };

class crashing_job {
public:
  crashing_job(std::uint64_t seed, reached& count)
      : roll_(seed), count_(count), disk_(seed), options_(some_way_to_run(roll_, seed)),
        sinks_(roll_.one_of<std::size_t>({1, 3})) {
    if (seed % 2 == 0) // keys at hand in memory alone, or most of them
      options_.run.states = std::make_shared<support::map_backend>(
          seed % 4 == 0 ? 0 : 80'000,
          [this](const std::string& path) { return disk_.files().at(path); });
  }

  void run() {
    const counts wanted_counts = undisturbed();
    int disturbed = roll_(1, 7);
    while (!attempt(some_fate(disturbed-- > 0))) {
    }
    require(compared(outside_->records()) == compared(wanted_),
            fmt::format("{} records instead of {}, or in another order", outside_->records().size(),
                        wanted_.size()));
    require(sorted(letters_.texts()) == wanted_letters_, "other dead letters");
    require(counts_ == wanted_counts, "other counts than those of an undisturbed run");
    const auto published = outside_->committed.size();
    while (!attempt(fate::none)) {
    }
    require(outside_->committed.size() == published, "a job that has ended publishes something");
    require(letters_.by_id.size() == wanted_letters_.size(), "a job that has ended puts letters");
    require(counts_ == wanted_counts, "a job that has ended counts");
    count_[moment::letters] += wanted_letters_.size();
    count_[moment::letter_repeated] += letters_.repeated;
  }

private:
  fate some_fate(bool disturbed) {
    if (!disturbed)
      return fate::none;
    return roll_.one_of({fate::crash_at_step, fate::crash_at_step, fate::crash_at_operation,
                         fate::crash_at_operation, fate::crash_at_operation,
                         fate::failing_operation, fate::sleep, fate::stop});
  }

  // What one sink published of each key is in order.
  std::map<std::int64_t, std::vector<item>> compared(std::vector<item> all) const {
    if (sinks_ > 1)
      std::ranges::sort(all);
    return reference::by_key(all, key);
  }

  // The same graph, each time anew.
  leat::graph graph(std::shared_ptr<support::published<item>> to) {
    dice structure(roll_.seed());
    leat::graph g{"random"};
    met_cases ignored;
    writer w{structure, g, ignored, {}, 0, true};
    both b = some_stream(w);
    wanted_ = reference::records(b.rows);
    wanted_letters_ = sorted(w.letters);
    panes_ = w.panes;
    b.stream.to("out", support::ledger<item>{std::move(to)}, {.parallelism = sinks_});
    return g;
  }

  counts undisturbed() {
    support::kept_letters kept;
    options_.run.dead_letters = &kept;
    options_.run.max_dead_letters.count = 1'000'000; // few records may become many
    simulation process(graph(std::make_shared<support::published<item>>()), options_);
    const auto ended = process.run();
    require(static_cast<bool>(ended), ended ? "" : to_string(ended.error()));
    options_.run.dead_letters = &letters_;
    return counted(*ended);
  }

  // True if the job has ended.
  bool attempt(fate what) {
    choose_options(what);
    highest_before_ = outside_->prepared.empty() ? 0 : highest_of(outside_->prepared);
    const auto committed = outside_->repeated;
    leat::graph g = graph(outside_);
    for (const std::string& pane : panes_)
      options_.run.batchings.insert_or_assign(pane, some_batching(roll_));
    const bool rescales = roll_.coin();
    if (rescales)
      scale_ = static_cast<std::uint64_t>(roll_(1, 1'000'000));
    if (scale_) {
      dice sizes(*scale_);
      options_.run.parallelism = sizes.one_of<std::size_t>({1, 1, 2, 3, 4});
      rescale(g.plan(), sizes);
    }
    auto process = std::make_unique<simulation>(std::move(g), options_);
    check_restored(*process, rescales);
    run_until_its_fate(*process, what);
    ++count_.attempts;
    count_.steps += process->steps();
    count_.orders.insert(process->order());
    note(*process);
    const bool ended = conclude(std::move(process), what);
    count_[moment::commit_repeated] += outside_->repeated - committed;
    return ended;
  }

  void choose_options(fate what) {
    auto& checkpoints = options_.run.checkpoints;
    options_.seed = static_cast<std::uint64_t>(roll_(0, 1'000'000'000));
    options_.disk = &disk_;
    checkpoints.interval = std::chrono::microseconds{roll_.one_of({10, 100, 1000})};
    checkpoints.kept = roll_.size(1, 4);
    checkpoints.timeout = std::chrono::minutes{10};
    hasty_ = what != fate::none && roll_(0, 4) == 0;
    if (hasty_)
      checkpoints.timeout = std::chrono::microseconds{roll_(30, 600)};
    if (what == fate::crash_at_operation)
      disk_.stop_at(roll_.size(0, roll_.coin() ? 40 : 400));
    else if (what == fate::failing_operation)
      disk_.fail_at(roll_.size(0, 200));
  }

  // What has been published is part of what it goes on from.
  void check_restored(const simulation& process, bool rescales) {
    const auto made = process.metrics().checkpoints;
    if (!made || process.over() || process.stopped())
      return;
    count_[moment::restored] += made->restored > 0;
    count_[moment::rescaled] += rescales && made->restored > 0;
    const auto published = outside_->committed.empty() ? 0 : highest_of(outside_->committed);
    require(made->restored >= published,
            fmt::format("epoch {} was restored, {} is published", made->restored, published));
  }

  void run_until_its_fate(simulation& process, fate what) {
    const bool by_step = what == fate::crash_at_step || what == fate::sleep || what == fate::stop;
    auto last = by_step ? roll_.size(1, roll_.one_of({30, 300, 3000})) : options_.most_steps;
    manifest_watch manifests{by_step && roll_.coin() ? roll_(1, 4) : 0, disk_.operations()};
    const int between_swaps = panes_.empty() ? 0 : roll_.one_of({0, 100, 1000});
    int swaps = 20;
    while (process.steps() < last && process.step()) {
      if (manifests.awaited > 0 && manifests.seen(disk_, process))
        last = process.steps() + roll_.size(0, 20);
      if (asleep_ && roll_(0, 4) == 0)
        (void)asleep_->step();
      if (between_swaps > 0 && roll_(0, between_swaps) == 0 && swaps-- > 0) {
        process.set_batching(panes_[roll_.size(0, panes_.size())], some_batching(roll_));
        ++count_[moment::swapped];
      }
    }
  }

  void note(const simulation& process) {
    const auto m = process.metrics();
    if (!m.checkpoints)
      return;
    count_[moment::completed] += m.checkpoints->completed;
    count_[moment::checkpoint_given_up] += m.checkpoints->failed;
  }

  bool conclude(std::unique_ptr<simulation> process, fate what) {
    if (process->stopped() || (what == fate::crash_at_step && !process->over())) {
      note_crash(*process);
      if (asleep_)
        std::exchange(asleep_, nullptr)->crash();
      process->crash();
      return false;
    }
    wake_asleep();
    if (what == fate::sleep && !process->over()) {
      asleep_ = std::move(process);
      ++count_[moment::slept];
      return false;
    }
    if (what == fate::stop && !process->over()) {
      process->stop();
      ++count_[moment::stopped];
    }
    const bool whole = what != fate::stop || process->over();
    const auto ended = process->run();
    if (!ended && (hasty_ || what == fate::failing_operation)) { // what a job does not survive
      ++count_[moment::job_failed];
      process->crash();
      return false;
    }
    require(static_cast<bool>(ended), ended ? "" : to_string(ended.error()));
    counts_ = counted(*ended);
    return whole;
  }

  // Another one has taken over: it can do nothing any more.
  void wake_asleep() {
    if (!asleep_)
      return;
    const auto ended = std::exchange(asleep_, nullptr)->run();
    count_[moment::fenced] += !ended && ended.error().what.find("taken over") != std::string::npos;
  }

  void note_crash(const simulation& process) {
    ++count_[process.stopped() ? moment::crash_at_operation : moment::crash_at_step];
    if (process.stopped())
      note_operation(disk_.last_operation());
    const auto m = process.metrics();
    if (!m.checkpoints)
      return;
    const auto& made = *m.checkpoints;
    bool under_way = false, uncommitted = false;
    for (const auto& [id, records] : outside_->prepared)
      if (id.of > highest_before_) {
        under_way = under_way || id.of > made.last;
        uncommitted = uncommitted || (id.of <= made.last && !outside_->committed.contains(id));
      }
    std::uint64_t held = 0, spilled = 0;
    for (const auto& stage : m.stages)
      held += stage.held, spilled += stage.spilled;
    count_[moment::crash_under_way] += under_way;
    count_[moment::crash_before_commit] += uncommitted;
    count_[moment::records_held] += under_way && held > 0;
    count_[moment::records_spilled] += spilled > 0;
    count_[moment::crash_before_first_checkpoint] += made.restored > 0 && made.completed == 0;
  }

  void note_operation(std::string_view last) {
    const auto has = [last](std::string_view part) { return last.find(part) != last.npos; };
    if (last.starts_with("remove"))
      ++count_[moment::crash_in_removal];
    else if (last.starts_with("lock"))
      ++count_[moment::crash_in_claim];
    else if (has("/state/") && !has("/manifest"))
      ++count_[last.starts_with("read") ? moment::crash_in_restore : moment::crash_in_state];
    else if (has("/log/") && last.starts_with("link"))
      ++count_[moment::crash_in_slot];
  }

  template <class Outputs>
  static leat::epoch highest_of(const Outputs& outputs) {
    leat::epoch highest = 0;
    for (const auto& [id, records] : outputs)
      highest = std::max(highest, id.of);
    return highest;
  }

  dice roll_;
  reached& count_;
  leat::testing::simulated_disk disk_;
  leat::testing::simulation_options options_;
  std::shared_ptr<support::published<item>> outside_ = std::make_shared<support::published<item>>();
  std::size_t sinks_ = 1;
  std::optional<std::uint64_t> scale_; ///< seed of the numbers of subtasks; none: the graph says
  std::vector<item> wanted_;
  support::published_letters letters_;
  std::vector<std::string> wanted_letters_;
  counts counts_; ///< of the attempt that ended last
  std::vector<std::string> panes_;
  std::unique_ptr<simulation> asleep_;
  bool hasty_ = false;             ///< checkpoints of the present attempt may take too long
  leat::epoch highest_before_ = 0; ///< that was prepared before the present attempt
};

} // namespace

std::optional<std::string> wrong_with(std::uint64_t seed, reached& count) {
  try {
    crashing_job(seed, count).run();
  } catch (const violation& broken) {
    return broken.what;
  }
  return {};
}

} // namespace simulate
