#include <leat/testing/simulation.hpp>

#include <leat/internal/runtime/verdict.hpp>
#include <leat/internal/runtime/wiring.hpp>

#include <caf/scheduler/test_coordinator.hpp>
#include <numeric>
#include <random>

namespace leat::testing {

namespace {

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
  std::uint64_t steps = 0;
  caf::actor_system_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  caf::actor coordinator;
  std::vector<caf::actor> relays; // of promises between nodes

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
    std::swap(jobs[0], jobs[chosen]);
  }
};

simulation::simulation(graph g, simulation_options options)
    : impl_(std::make_unique<impl>(std::move(g), std::move(options))) {
  impl& p = *impl_;
  if (auto prepared = prepare(p.g.plan(), p.options.run); !prepared) {
    p.fault = prepared.error();
    p.over = true;
    return;
  }
  if (auto users = system_of(p.g.plan()); !users || *users) {
    p.fault = users ? user_error("a graph in its own actor system cannot be simulated",
                                 "make its actors by leat::actor, not by actor_in")
                    : users.error();
    p.over = true;
    return;
  }
  p.wired = wire_up(p.g.plan(), p.options.run, p.time, false);
  if (p.options.apart) {
    if (auto assigned = assign_nodes(p.g.plan(), p.wired, p.any_nodes()); !assigned) {
      p.fault = assigned.error();
      p.over = true;
      return;
    }
    p.spawn_relays();
  }
  p.started = p.time.now();
  p.coordinator = p.system.spawn<job_actor>(
      attempt_id{}, std::move(p.wired.subtasks), std::vector<worker_agent>{}, nullptr,
      [this, &p] { return verdict(metrics(), p.options.run); },
      [&p](job_outcome how) {
        p.fault = std::move(how.fault);
        p.over = true;
      });
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
  impl_->scheduler.run();
}

// Timers usually wait for everybody; now and then one fires although there is other work, and a
// step takes a microsecond, so that time-outs meet busy stages too.
bool simulation::step() {
  impl& p = *impl_;
  if (p.over)
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

std::chrono::nanoseconds simulation::now() const {
  return std::chrono::nanoseconds{impl_->time.now() - impl_->started};
}

job_metrics simulation::metrics() const {
  job_metrics r = metrics_of(impl_->wired, impl_->g.plan(), impl_->time.now());
  r.elapsed = now();
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

} // namespace leat::testing
