// Coordinators that share a checkpoint folder, are interrupted at any operation by each other, and
// lose their process or the power at any operation. What each of them commits has to contain all
// that was committed before.
#include <leat/internal/checkpoint/checkpoint_store.hpp>
#include <leat/internal/checkpoint/simulated_files.hpp>
#include <leat/internal/runtime/checkpointing.hpp>

#include "support/dice.hpp"

#include <cerrno>
#include <set>

using namespace leat;

namespace {

/// A bug that is planted to see that it is caught.
enum class bug {
  none,
  no_file_sync,        ///< entries are linked, and states mentioned, before they are on the disk
  no_folder_sync,      ///< names are not
  no_exclusive_link,   ///< a taken slot is replaced
  reads_before_claim,  ///< a coordinator looks for the newest checkpoint, then claims
  ignores_later_slots, ///< a slot that retention has freed is believed to be free
};

/// The files as code with that bug would use them.
class files_with_bug final : public file_system {
public:
  files_with_bug(file_system& files, bug planted) : files_(files), planted_(planted) {}

  /// From here on all is as it was before the claim.
  void look_back(bool on) { looks_back_ = on && planted_ == bug::reads_before_claim; }

  result<void> make_folder(const std::string& path) override { return files_.make_folder(path); }
  result<std::unique_ptr<new_file>> create(const std::string& path) override {
    auto made = files_.create(path);
    if (made && planted_ == bug::no_file_sync)
      return std::unique_ptr<new_file>(std::make_unique<unsynced_file>(std::move(*made)));
    return made;
  }
  result<bool> link(const std::string& file, const std::string& name) override {
    auto linked = files_.link(file, name);
    if (linked && !*linked && planted_ == bug::no_exclusive_link) {
      (void)files_.remove(name);
      linked = files_.link(file, name);
    }
    linked_ = name;
    return linked;
  }
  result<void> remove(const std::string& path) override { return files_.remove(path); }
  result<void> sync_folder(const std::string& path) override {
    return planted_ == bug::no_folder_sync ? result<void>() : files_.sync_folder(path);
  }
  result<std::string> read(const std::string& path) override {
    const auto before = contents_.find(path);
    return looks_back_ && before != contents_.end() ? before->second : files_.read(path);
  }
  result<std::vector<std::string>> list(const std::string& path) override {
    if (planted_ == bug::reads_before_claim && listings_.empty())
      remember(path.substr(0, path.rfind('/')));
    const auto before = listings_.find(path);
    if (looks_back_ && before != listings_.end())
      return before->second;
    auto names = files_.list(path);
    if (names && planted_ == bug::ignores_later_slots && linked_.starts_with(path + '/'))
      std::erase_if(*names, [&](const std::string& n) { return path + '/' + n > linked_; });
    linked_.clear();
    return names;
  }
  result<std::unique_ptr<file_lock>> lock(const std::string& path,
                                          const std::string& holder) override {
    return files_.lock(path, holder);
  }

private:
  struct unsynced_file final : new_file {
    explicit unsynced_file(std::unique_ptr<new_file> of) : file(std::move(of)) {}
    result<void> append(std::string_view bytes) override { return file->append(bytes); }
    result<void> sync() override { return {}; }
    std::unique_ptr<new_file> file;
  };

  void remember(const std::string& path) {
    if (const auto content = files_.read(path)) {
      contents_.emplace(path, *content);
    } else if (const auto names = files_.list(path)) {
      listings_.emplace(path, *names);
      for (const std::string& name : *names)
        remember(path + '/' + name);
    }
  }

  file_system& files_;
  bug planted_;
  bool looks_back_ = false;
  std::string linked_;
  std::map<std::string, std::vector<std::string>> listings_;
  std::map<std::string, std::string> contents_;
};

/// A rule that was broken.
struct violation {
  std::string what;
};

void require(bool holds, std::string what) {
  if (!holds)
    throw violation{std::move(what)};
}

/// How often the runs came to what they are for.
struct counters {
  int committed = 0, restored = 0, fenced = 0, late = 0, kills = 0, power_cuts = 0, given_up = 0,
      refused = 0, uncertain = 0;
};

/// What all that happens in one run shares.
struct world {
  simulated_files files;
  support::dice roll;
  bug planted;
  bool faults;
  counters& count;

  std::string published;         ///< the history of the last commit
  std::set<std::uint64_t> terms; ///< that were claimed
  bool quiet = false;
  bool dark = false; ///< the power is cut, and processes are about to stop
  bool sync_failed = false;
  std::int64_t processes = 0;

  /// One that was fenced meanwhile may commit again what has been committed.
  void commit(const std::string& history, std::uint64_t term) {
    if (*terms.rbegin() > term && published.starts_with(history))
      return;
    require(history.starts_with(published),
            "committed " + history + " after " + published + " was committed");
    published = history;
    ++count.committed;
  }
};

constexpr auto folder = "/checkpoints";

/// A process that restores the job and makes checkpoints. The state of the job is its history: the
/// epochs and terms of all checkpoints that it goes on from.
class coordinator {
public:
  coordinator(world& in, std::string host) : in_(in), host_(std::move(host)) {}

  void step() {
    try {
      if (!store_)
        start();
      else if (in_.roll(0, 4) > 0)
        checkpoint();
      else
        remove_old();
    } catch (const simulated_stop&) {
      end();
    }
  }

  void end() { store_.reset(); }
  bool runs() const { return store_.has_value(); }
  bool made_checkpoint() const { return made_; }

private:
  void start() {
    files_.emplace(in_.files, in_.planted);
    auto opened = checkpoint_store::open(
        *files_, {folder, "job", host_, ++in_.processes, {}, in_.roll.size(1, 4)});
    if (!opened)
      return require(in_.faults && !in_.quiet, opened.error().what);
    const bool claimed = in_.terms.insert(opened->term()).second;
    require(claimed, "a term was given twice");
    files_->look_back(true);
    auto point = opened->newest();
    files_->look_back(false);
    if (!point) {
      in_.count.refused += !is_over(opened->term());
      return require(in_.sync_failed || (in_.faults && !in_.quiet) || is_over(opened->term()),
                     point.error().what);
    }
    history_ = *point ? restored(**point, opened->term()) : std::string();
    epoch_ = attempt_of(*opened).after;
    made_ = false;
    store_.emplace(std::move(*opened));
  }

  std::string restored(const restore_point& point, std::uint64_t term) {
    const manifest& m = point.manifest;
    std::set<std::string> contents;
    for (const saved_subtask& s : m.subtasks)
      if (const auto content = read_state(*files_, folder, s.file); content)
        contents.insert(*content);
      else if (require((in_.faults && !in_.quiet) || is_over(term), content.error().what); true)
        throw simulated_stop{};
    require(contents.size() == 1, "states of different checkpoints");
    const std::string history = *contents.begin();
    require(history.ends_with(mark(m.epoch, m.term)), "the state of another checkpoint");
    ++in_.count.restored;
    if (has_committables(m))
      in_.commit(history, term);
    return history;
  }

  void checkpoint() {
    const std::uint64_t term = store_->term();
    const std::string history = history_ + mark(++epoch_, term);
    manifest m;
    m.epoch = epoch_;
    state_writer writer(*files_, folder, term);
    for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
      const auto file = writer.write(epoch_, "stage", subtask, history);
      if (!file) {
        ++in_.count.given_up;
        return require(in_.faults || is_over(term), file.error().what);
      }
      m.subtasks.push_back({"stage", subtask, 2, *file, false, subtask == 0 && in_.roll.coin()});
    }
    const bool was_over = is_over(term);
    if (const auto done = store_->complete(m); done) {
      require(!was_over, "a coordinator completed a checkpoint after a later one had begun");
      history_ = history;
      made_ = true;
      if (has_committables(m))
        in_.commit(history, term);
    } else if (store_->standing() == standing::fenced) {
      ++in_.count.fenced;
      in_.count.late += was_over;
      end();
    } else {
      require(in_.faults, done.error().what);
      ++(store_->standing() == standing::uncertain ? in_.count.uncertain : in_.count.given_up);
      if (store_->standing() == standing::uncertain)
        end();
    }
  }

  void remove_old() {
    const auto done = store_->remove_old();
    require(done || in_.faults || store_->standing() == standing::fenced || is_over(store_->term()),
            done ? "" : done.error().what);
    if (store_->standing() != standing::holds)
      end();
  }

  bool is_over(std::uint64_t term) const { return *in_.terms.rbegin() > term; }
  static std::string mark(epoch number, std::uint64_t term) {
    return std::to_string(number) + '-' + std::to_string(term) + ';';
  }

  world& in_;
  std::string host_;
  std::optional<files_with_bug> files_;
  std::optional<checkpoint_store> store_;
  std::string history_;
  epoch epoch_ = 0;
  bool made_ = false;
};

/// The rule that a run broke, or nothing.
std::string broken_in(std::uint64_t seed, bug planted, bool faults, counters& count) {
  world in{simulated_files{seed}, support::dice{seed}, planted, faults, count, {}, {}};
  coordinator a(in, "a");
  coordinator b(in, "b");
  coordinator c(in, "c");
  const auto step = [&](coordinator& which) {
    which.step();
    if (in.dark)
      which.end();
  };
  int depth = 0;
  coordinator* running = nullptr;

  using kind = simulated_fault::kind;
  in.files.interfere([&](const simulated_files::operation& op) -> simulated_fault {
    if (in.quiet)
      return {};
    const int what = in.dark ? 0 : in.roll(0, 1000);
    if (what < 15 && !in.dark && depth == 0) {
      ++depth;
      coordinator& other = running == &a ? b : a;
      for (int steps = in.roll(1, 12); steps > 0 && !in.dark; --steps)
        step(other);
      --depth;
    } else if (what < 23 && !in.dark) {
      ++count.kills;
      return {in.roll.coin() ? kind::stops : kind::stops_late};
    } else if (what < 28) {
      count.power_cuts += !in.dark;
      in.dark = true;
    } else if (what < 36 && faults && op.path != "/" && op.path != folder) {
      // Where the folder itself cannot be synced, the job does not start, and no later start can
      // know that it must not believe what it finds.
      in.sync_failed = in.sync_failed || op.verb == "sync_folder";
      return {in.roll.coin() ? kind::fails : kind::fails_late, in.roll.one_of({EIO, ENOSPC})};
    }
    return {in.dark ? in.roll.coin() ? kind::stops : kind::stops_late : kind::none};
  });

  try {
    for (int steps = 0; steps < 60; ++steps) {
      running = in.roll.coin() ? &a : &b;
      step(*running);
      if (std::exchange(in.dark, false)) {
        a.end();
        b.end();
        in.files.crash();
      }
    }
    in.quiet = true;
    a.end();
    b.end();
    c.step();
    while (c.runs() && !c.made_checkpoint())
      c.step();
    require(c.made_checkpoint() || in.sync_failed, "the job does not go on");
  } catch (const violation& broken) {
    return broken.what;
  }
  return {};
}

/// The same for one coordinator that is stopped at one operation; "none" if it ended before.
std::string broken_at(std::uint64_t operation, simulated_fault::kind how, bool power_cut,
                      std::uint64_t seed) {
  counters count;
  world in{simulated_files{seed}, support::dice{seed}, bug::none, false, count, {}, {}};
  coordinator a(in, "a");
  coordinator c(in, "a");
  bool stopped = false;
  in.files.interfere([&](const simulated_files::operation& op) -> simulated_fault {
    stopped = stopped || op.number == operation;
    return {op.number == operation ? how : simulated_fault::kind::none};
  });
  try {
    for (int steps = 0; steps < 12 && !stopped; ++steps)
      a.step();
    if (!stopped)
      return "none";
    if (power_cut)
      in.files.crash();
    c.step();
    while (c.runs() && !c.made_checkpoint())
      c.step();
    require(c.made_checkpoint(), "the job does not go on");
  } catch (const violation& broken) {
    return broken.what;
  }
  return {};
}

} // namespace

TEST_CASE("what coordinators commit contains all that was committed before") {
  counters count;
  support::for_seeds(200, [&](const support::dice& roll) {
    CHECK(broken_in(roll.seed(), bug::none, false, count) == "");
  });
  INFO("committed " << count.committed << ", restored " << count.restored << ", fenced "
                    << count.fenced << ", late " << count.late << ", kills " << count.kills
                    << ", power cuts " << count.power_cuts);
  CHECK(count.refused == 0);
  CHECK(std::min({count.committed, count.restored, count.fenced, count.late, count.kills,
                  count.power_cuts}) > 0);
}

TEST_CASE("the same while operations fail") {
  counters count;
  support::for_seeds(200, [&](const support::dice& roll) {
    CHECK(broken_in(roll.seed(), bug::none, true, count) == "");
  });
  INFO("given up " << count.given_up << ", uncertain " << count.uncertain << ", refused "
                   << count.refused);
  CHECK(std::min({count.given_up, count.uncertain, count.refused}) > 0);
}

TEST_CASE("bugs that are planted are caught") {
  const auto [planted, symptom] = GENERATE(table<bug, std::string>({
      {bug::no_file_sync, "is damaged"},
      {bug::no_folder_sync, "was committed"},
      {bug::no_exclusive_link, "after a later one had begun"},
      {bug::reads_before_claim, "was committed"},
      {bug::ignores_later_slots, "after a later one had begun"},
  }));
  CAPTURE(symptom);
  counters count;
  std::string broken;
  for (std::uint64_t seed = 1; broken.find(symptom) == std::string::npos && seed <= 500; ++seed)
    broken = broken_in(seed, planted, false, count);
  CHECK(broken.find(symptom) != std::string::npos);
}

TEST_CASE("a job goes on after a stop at any operation") {
  using kind = simulated_fault::kind;
  for (const kind how : {kind::stops, kind::stops_late})
    for (const bool power_cut : {false, true})
      for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        std::uint64_t operation = 0;
        for (std::string broken; broken != "none"; ++operation) {
          CAPTURE(operation, power_cut, seed);
          broken = broken_at(operation, how, power_cut, seed);
          if (broken != "none")
            REQUIRE(broken == "");
        }
        CHECK(operation > 100);
      }
}

// The one that completes a checkpoint is killed before it has synced the log; another one removes
// what that checkpoint replaces, and then the power fails.
TEST_CASE("nothing is removed for a checkpoint that a power cut may lose") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    simulated_files files(seed);
    auto asleep = checkpoint_store::open(files, {folder, "job", "a", 1, {}, 1});
    auto killed = checkpoint_store::open(files, {folder, "job", "b", 2, {}, 1});
    REQUIRE((asleep && killed));
    manifest m;
    m.epoch = 1;
    REQUIRE(killed->complete(m));

    const auto stop_at_sync_after_removal = [&] {
      files.interfere([removed = false](const simulated_files::operation& op) mutable {
        using kind = simulated_fault::kind;
        removed = removed || op.verb == "remove";
        return simulated_fault{removed && op.verb == "sync_folder" ? kind::stops : kind::none};
      });
    };
    stop_at_sync_after_removal();
    m.epoch = 2;
    CHECK_THROWS_AS(killed->complete(m), simulated_stop);
    stop_at_sync_after_removal();
    CHECK_THROWS_AS(asleep->remove_old(), simulated_stop);
    files.interfere({});
    files.crash();

    auto next = checkpoint_store::open(files, {folder, "job", "c", 3, {}, 1});
    REQUIRE(next);
    const auto point = next->newest();
    REQUIRE((point && *point));
    CHECK((*point)->manifest.epoch == 2);
  }
}
