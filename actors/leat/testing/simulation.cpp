#include <leat/testing/simulation.hpp>

#include <leat/internal/checkpoint/simulated_files.hpp>
#include <leat/internal/runtime/restoring.hpp>
#include <leat/internal/runtime/state_thread.hpp>
#include <leat/internal/runtime/verdict.hpp>
#include <leat/internal/runtime/wiring.hpp>

#include <caf/scheduler/test_coordinator.hpp>
#include <cerrno>
#include <fmt/format.h>
#include <numeric>
#include <random>

namespace leat::testing {

struct state_task {
  captured_state state;
  std::function<void(result<std::string>)> saved;
};

} // namespace leat::testing

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leat::testing::state_task)

namespace leat::testing {

namespace {

const std::string checkpoint_folder = "/checkpoints";

// At an operation of the disk at which the process stops.
caf::error end_in_silence(std::exception_ptr&) { return caf::exit_reason::kill; }

class stoppable_job final : public job_actor {
public:
  using job_actor::job_actor;
  caf::behavior make_behavior() override {
    set_exception_handler(end_in_silence);
    return job_actor::make_behavior();
  }
};

// Writes the states of subtasks, one a step.
class state_actor final : public caf::event_based_actor {
public:
  state_actor(caf::actor_config& config, file_system& files, std::uint64_t term)
      : caf::event_based_actor(config), writer_(files, checkpoint_folder, term) {}
  caf::behavior make_behavior() override {
    set_exception_handler(end_in_silence);
    return {[this](state_task& t) { t.saved(write_state(writer_, t.state)); }};
  }

private:
  state_writer writer_;
};

class virtual_clock final : public clock {
public:
  caf::scheduler::test_coordinator* scheduler = nullptr;
  clock_time now() const override {
    return scheduler->clock().current_time.time_since_epoch().count();
  }
};

caf::actor_system_config& configure(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("testing"));
  config.set("scheduler.max-throughput", std::size_t{1});
  return config;
}

} // namespace

struct simulated_disk::impl {
  explicit impl(std::uint64_t seed) : files(seed), random(seed) {
    files.interfere([this](const simulated_files::operation& o) {
      last = fmt::format("{} {}", o.verb, o.path);
      return fault_of(o.number);
    });
  }

  simulated_fault fault_of(std::uint64_t operation) {
    using kind = simulated_fault::kind;
    const bool late = random() % 2 == 0;
    if (operation == stop_at || stopped) {
      stopped = true; // nothing happens after that
      return {late && operation == stop_at ? kind::stops_late : kind::stops};
    }
    if (operation == fail_at)
      return {late ? kind::fails_late : kind::fails, EIO};
    return {};
  }

  void calm() {
    stop_at.reset();
    fail_at.reset();
  }

  simulated_files files;
  std::mt19937_64 random;
  std::int64_t processes = 0;
  bool stopped = false;
  std::string last; ///< operation
  std::optional<std::uint64_t> stop_at, fail_at;
};

simulated_disk::simulated_disk(std::uint64_t seed, const std::map<std::string, std::string>& files)
    : impl_(std::make_unique<impl>(seed)) {
  for (const auto& [path, content] : files)
    impl_->files.put(path, content);
}
simulated_disk::~simulated_disk() = default;

void simulated_disk::stop_at(std::uint64_t operation) {
  impl_->stop_at = impl_->files.operations() + operation;
}
void simulated_disk::fail_at(std::uint64_t operation) {
  impl_->fail_at = impl_->files.operations() + operation;
}
std::uint64_t simulated_disk::operations() const { return impl_->files.operations(); }
const std::string& simulated_disk::last_operation() const { return impl_->last; }
std::map<std::string, std::string> simulated_disk::files() const { return impl_->files.contents(); }

struct simulation::impl {
  impl(graph graph_to_run, simulation_options o)
      : g(std::move(graph_to_run)), options(std::move(o)), random(options.seed),
        system(configure(config)),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    time.scheduler = &scheduler;
    scheduler.clock().current_time += std::chrono::seconds{1};
  }

  graph g;
  simulation_options options;
  std::mt19937_64 random;
  virtual_clock time;
  clock_time started = 0;
  wired_job wired;
  bool over = false;
  std::optional<error> fault;
  std::uint64_t steps = 0, order = 0;
  caf::actor_system_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  caf::actor coordinator;
  std::vector<caf::actor> relays;        // of promises between nodes
  std::optional<checkpoint_store> store; // these two: with a disk
  caf::actor states;
  attempt_id which;
  const std::shared_ptr<shared_checkpoint_metrics> checkpoints =
      std::make_shared<shared_checkpoint_metrics>();

  simulated_disk::impl* disk() const { return options.disk ? options.disk->impl_.get() : nullptr; }

  // As attempt does.
  result<void> go_on_from_disk() {
    simulated_files& files = disk()->files;
    const std::int64_t process = ++disk()->processes;
    auto claimed = checkpoint_store::open(
        files, {checkpoint_folder, g.name(), fmt::format("host-{}", process), process,
                time.processing_now(), options.run.checkpoints.kept});
    if (!claimed)
      return claimed.error();
    which = attempt_of(store.emplace(std::move(*claimed)));
    const auto newest = store->newest();
    if (!newest)
      return newest.error();
    if (*newest) {
      const manifest& from = (*newest)->manifest;
      if (auto possible = check_restorable(from, wired.subtasks,
                                           options.run.checkpoints.allow_non_restored_state);
          !possible)
        return possible;
      restore({checkpoint_folder, from}, needs_stamps(from, wired.subtasks), files, wired.subtasks);
      checkpoints->change([&](checkpoint_metrics& m) {
        m.restored = from.epoch;
        m.passed_over = (*newest)->passed_over;
      });
    }
    states = system.spawn<state_actor>(files, which.term);
    const auto to = caf::actor_cast<caf::actor_addr>(states);
    const auto keep = [to](captured_state s, std::function<void(result<std::string>)> saved) {
      if (const auto writer = caf::actor_cast<caf::actor>(to))
        caf::anon_send(writer, state_task{std::move(s), std::move(saved)});
    };
    keep_states(wired, keep, {}, 0);
    return {};
  }

  checkpoint_setup setup() {
    if (!store)
      return {};
    return {&*store, &time, options.run.checkpoints, {}, checkpoints};
  }

  result<void> make_ready() {
    if (disk())
      options.run.checkpoints.folder = checkpoint_folder;
    if (auto prepared = prepare(g.plan(), options.run); !prepared)
      return prepared;
    if (auto users = system_of(g.plan()); !users || *users)
      return users ? user_error("a graph in its own actor system cannot be simulated",
                                "make its actors by leat::actor, not by actor_in")
                   : users.error();
    wired = wire_up(g.plan(), options.run, time, false);
    if (options.apart) {
      if (auto assigned = assign_nodes(g.plan(), options.run, wired, any_nodes()); !assigned)
        return assigned;
      spawn_relays();
    }
    if (!disk())
      return {};
    try {
      return go_on_from_disk();
    } catch (const simulated_stop&) {
      return internal_error("the process has stopped");
    }
  }

  // By subtask: on a few nodes, or each on its own.
  std::vector<std::size_t> any_nodes() {
    std::vector<std::size_t> nodes(wired.subtasks.size());
    const std::size_t count = 1 + random() % nodes.size();
    for (std::size_t& node : nodes)
      node = random() % count;
    return nodes;
  }

  void spawn_relays() {
    relays_message m;
    for (auto& [node, tables] : wired.relayed) {
      m.relays.resize(node + 1);
      m.relays[node] = system.spawn<progress_relay>(std::move(tables));
    }
    for (const caf::actor& relay : m.relays)
      if (relay) {
        caf::anon_send(relay, m);
        relays.push_back(relay);
      }
  }

  void choose_next() {
    auto& jobs = scheduler.jobs;
    const std::size_t chosen = random() % jobs.size();
    order = (order ^ (chosen << 16U ^ jobs.size())) * 0x9E37'79B9'7F4A'7C15U;
    order ^= order >> 32U;
    std::swap(jobs[0], jobs[chosen]);
  }
};

simulation::simulation(graph g, simulation_options options)
    : impl_(std::make_unique<impl>(std::move(g), std::move(options))) {
  impl& p = *impl_;
  if (auto ready = p.make_ready(); !ready) {
    p.fault = ready.error();
    p.over = true;
    return;
  }
  p.started = p.time.now();
  p.coordinator = p.system.spawn<stoppable_job>(
      p.which, std::move(p.wired.subtasks), std::vector<worker_agent>{}, nullptr,
      [this, &p] { return verdict(metrics(), p.options.run); },
      [&p](job_outcome how) {
        p.fault = std::move(how.fault);
        p.over = true;
      },
      p.setup());
}

simulation::~simulation() {
  if (impl_->coordinator && !impl_->over) {
    abort();
    while (step()) {
    }
  }
  impl_->coordinator = nullptr;
  for (const caf::actor& relay : impl_->relays)
    caf::anon_send_exit(relay, caf::exit_reason::kill);
  impl_->relays.clear();
  if (impl_->states)
    caf::anon_send_exit(std::exchange(impl_->states, nullptr), caf::exit_reason::kill);
  impl_->scheduler.run();
  if (impl_->disk())
    impl_->disk()->calm();
}

// What actors still do cannot be seen: the files stand still.
void simulation::crash() {
  impl& p = *impl_;
  p.disk()->stopped = true;
  if (p.coordinator)
    caf::anon_send_exit(p.coordinator, caf::exit_reason::kill);
  while (!p.over && p.scheduler.has_job()) {
    p.choose_next();
    p.scheduler.try_run_once();
  }
  p.over = true;
  p.store.reset();
  p.disk()->files.crash();
  p.disk()->stopped = false;
}

bool simulation::stopped() const { return impl_->disk() && impl_->disk()->stopped; }

// Timers usually wait for everybody; now and then one fires although there is other work, and a
// step takes a microsecond, so that time-outs meet busy stages too.
bool simulation::step() {
  impl& p = *impl_;
  if (p.over || stopped())
    return false;
  auto& s = p.scheduler;
  s.advance_time(std::chrono::microseconds{1});
  if (p.random() % 256 == 0)
    s.trigger_timeout();
  while (!s.has_job()) // a timer may be that of an actor that has ended
    if (!s.trigger_timeout())
      return false;
  p.choose_next();
  ++p.steps;
  return s.try_run_once();
}

result<job_metrics> simulation::run() {
  while (impl_->steps < impl_->options.most_steps && step()) {
  }
  if (!impl_->over)
    return internal_error("stuck after " + std::to_string(impl_->steps) + " steps with seed " +
                          std::to_string(impl_->options.seed));
  if (impl_->fault)
    return *impl_->fault;
  return metrics();
}

bool simulation::over() const { return impl_->over; }
std::uint64_t simulation::steps() const { return impl_->steps; }
std::uint64_t simulation::order() const { return impl_->order; }

std::chrono::nanoseconds simulation::now() const {
  return std::chrono::nanoseconds{impl_->time.now() - impl_->started};
}

job_metrics simulation::metrics() const {
  job_metrics r = metrics_of(impl_->wired, impl_->g.plan(), impl_->time.now());
  r.elapsed = now();
  if (impl_->store)
    r.checkpoints = impl_->checkpoints->read();
  return r;
}

void simulation::stop() { (void)command({}, stop_verb); }
void simulation::abort() { caf::anon_send(impl_->coordinator, abort_message{}); }
void simulation::set_batching(std::string stage, any_batching batching) {
  leat::command c{std::move(stage), batching_verb, batching.text()};
  if (const auto taken = impl_->g.plan().check(c); !taken)
    throw failure(taken.error());
  (void)give_command(impl_->coordinator, impl_->g.plan(), std::move(c));
}
std::future<result<void>> simulation::command(std::string stage, std::string verb,
                                              std::string payload) {
  if (impl_->over)
    return refused_command(user_error("the job has ended"));
  return give_command(impl_->coordinator, impl_->g.plan(),
                      {std::move(stage), std::move(verb), std::move(payload)});
}

result<job_metrics> run_with_crashes(const std::function<graph()>& make, simulation_options options,
                                     unsigned crashes) {
  constexpr std::uint64_t most_operations = 100, most_steps = 2000; // until a crash
  std::mt19937_64 random(options.seed);
  simulated_disk disk(random());
  options.disk = &disk;
  for (;; --crashes) {
    options.seed = random();
    std::uint64_t last_step = options.most_steps;
    if (crashes > 0 && random() % 2 == 0)
      disk.stop_at(random() % most_operations);
    else if (crashes > 0)
      last_step = 1 + random() % most_steps;
    simulation process(make(), options);
    while (process.steps() < last_step && process.step()) {
    }
    if (crashes == 0 || (process.over() && !process.stopped()))
      return process.run();
    process.crash();
  }
}

} // namespace leat::testing
