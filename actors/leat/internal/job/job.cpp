#include <leat/job.hpp>

#include <leat/internal/cluster/join.hpp>
#include <leat/internal/cluster/local_cluster.hpp>
#include <leat/internal/cluster/network.hpp>
#include <leat/internal/cluster/placement.hpp>
#include <leat/internal/runtime/files_in_use.hpp>
#include <leat/internal/runtime/system.hpp>
#include <leat/internal/runtime/verdict.hpp>
#include <leat/internal/runtime/wiring.hpp>

#include <condition_variable>
#include <mutex>

namespace leat {

namespace {

std::size_t blocking_subtasks(const plan& p, const run_options& options) {
  const resolved_plan resolved = p.resolve(options.parallelism);
  std::size_t count = 0;
  for (std::size_t i = 0; i < p.stages.size(); ++i)
    if (p.stages[i].blocking)
      count += resolved.stages[i].parallelism;
  return count;
}

} // namespace

struct job::impl {
  impl(graph graph_to_run, run_options o, caf::actor_system* users)
      : g(std::move(graph_to_run)), planned(g.plan()), options(std::move(o)),
        system(users ? *users : own_system.emplace(configured())) {}
  ~impl() {
    coordinator = nullptr;
    cluster.reset();
    if (options.local_workers == 0)
      return;
    settle(system);
    if (outcome.fault) // a worker that was killed removed nothing
      remove_leftovers(planned, planned.resolve(options.parallelism), options);
  }

  caf::actor_system_config& configured() {
    configure(config, options);
    return options.local_workers > 0 ? add_network(config) : config;
  }

  // Starts workers and leaves to them what is theirs.
  result<void> spread() {
    const plan& p = planned;
    const resolved_plan resolved = p.resolve(options.parallelism);
    const std::size_t workers = options.local_workers;
    if (auto assigned = assign_nodes(p, wired, place(p, resolved, workers), 0); !assigned)
      return assigned;
    auto joined = local_cluster::start(system, workers, which.term, plan_fingerprint(p, resolved));
    if (!joined)
      return joined.error();
    cluster = std::move(*joined);
    return cluster->spawn(wired.subtasks);
  }

  const attempt_id which;
  graph g;
  const plan& planned;
  run_options options;
  steady_clock time;
  wired_job wired;
  clock_time started = 0;
  clock_time finished = 0;
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  job_outcome outcome;
  std::vector<std::string> notes;
  caf::actor_system_config config;
  std::optional<caf::actor_system> own_system;
  caf::actor_system& system;
  std::unique_ptr<local_cluster> cluster;
  caf::actor coordinator;

  job_report report_at(clock_time now) const {
    job_report r = report_of(wired, planned, now);
    r.elapsed = std::chrono::nanoseconds{now - started};
    return r;
  }

  void ended(job_outcome how) {
    const std::lock_guard lock(mutex);
    outcome = std::move(how);
    finished = time.now();
    over = true;
    changed.notify_all();
  }
};

result<job> job::start(graph g, run_options options) {
  if (options.local_workers > 0 && worker_invitation::of_this_process())
    return internal_error("a worker starts no job of its own: the program that was started with "
                          "workers must come to run_command() again");
  if (auto prepared = prepare(g.plan(), options); !prepared)
    return prepared.error();
  auto notes = remove_leftovers(g.plan(), g.plan().resolve(options.parallelism), options);
  const auto users = system_of(g.plan());
  if (!users)
    return users.error();
  if (*users && options.local_workers > 0)
    return user_error("a graph that lives in an actor system of this program cannot have workers",
                      "leave out local_workers, or spawn by leat::actor instead of actor_in");
  const std::size_t threads = threads_of(blocking_subtasks(g.plan(), options), options);
  if (auto enough = check_threads(threads); !enough)
    return enough.error();
  auto p = std::make_unique<impl>(std::move(g), std::move(options), *users);
  p->notes = std::move(notes);
  p->wired = wire_up(p->planned, p->options, p->time, true);
  if (p->options.local_workers > 0)
    if (auto spread = p->spread(); !spread)
      return spread.error();
  p->started = p->time.now();
  auto subtasks = std::move(p->wired.subtasks);
  p->coordinator = p->system.spawn<job_actor, caf::detached>(
      p->which, std::move(subtasks), p->cluster ? p->cluster->agents() : std::vector<caf::actor>{},
      p->options.dead_letters,
      [raw = p.get()] { return verdict(raw->report_at(raw->time.now()), raw->options); },
      [raw = p.get()](job_outcome how) { raw->ended(std::move(how)); });
  if (p->cluster)
    p->cluster->observe(p->coordinator);
  return job(std::move(p));
}

job::job(std::unique_ptr<impl> p) : impl_(std::move(p)) {}
job::job(job&&) noexcept = default;
job& job::operator=(job&& other) noexcept {
  job old(std::move(*this)); // ends as any job that is destroyed
  impl_ = std::move(other.impl_);
  return *this;
}

job::~job() {
  if (!impl_)
    return;
  abort();
  (void)wait();
}

error stopped_at_once() { return user_error("stopped at once, as asked"); }

void job::stop() { (void)give_command(impl_->coordinator, impl_->planned, {{}, stop_verb, {}}); }

void job::abort() { caf::anon_send(impl_->coordinator, abort_message{}); }

result<void> job::set_batching(std::string stage, any_batching batching) {
  return command(std::move(stage), batching_verb, batching.text());
}

result<void> job::command(std::string stage, std::string verb, std::string payload) {
  return give_command(impl_->coordinator, impl_->planned,
                      {std::move(stage), std::move(verb), std::move(payload)})
      .get();
}

bool job::wait_for(std::chrono::nanoseconds timeout) {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, timeout, [&] { return impl_->over; });
}

result<void> job::wait() {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait(lock, [&] { return impl_->over; });
  if (impl_->outcome.fault)
    return *impl_->outcome.fault;
  return {};
}

bool job::began() const {
  const std::lock_guard lock(impl_->mutex);
  return !impl_->over || impl_->outcome.began;
}

const std::vector<std::string>& job::notes() const { return impl_->notes; }

job_report job::report() const {
  clock_time now = impl_->time.now();
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->over)
      now = impl_->finished;
  }
  return impl_->report_at(now);
}

result<job_report> run(graph g, run_options options) {
  auto j = job::start(std::move(g), std::move(options));
  if (!j)
    return j.error();
  if (auto done = j->wait(); !done)
    return done.error();
  return j->report();
}

} // namespace leat
