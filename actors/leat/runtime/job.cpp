#include <leat/runtime/job.hpp>

#include <leat/runtime/wiring.hpp>

#include <condition_variable>
#include <mutex>

namespace leat {

namespace {

class steady_clock final : public clock {
public:
  clock_time now() const override {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }
};

caf::actor_system_config& configure(caf::actor_system_config& config, const run_options& options) {
  // A file of this name in the working directory is not ours to obey.
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-throughput", std::size_t{30});
  if (options.workers > 0)
    config.set("scheduler.max-threads", options.workers);
  return config;
}

} // namespace

struct job::impl {
  impl(graph graph_to_run, run_options o)
      : g(std::move(graph_to_run)), options(std::move(o)), system(configure(config, options)) {}

  graph g;
  run_options options;
  steady_clock time;
  wired_job wired;
  clock_time started = 0;
  clock_time finished = 0;
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  std::optional<error> fault;
  caf::actor_system_config config;
  caf::actor_system system;
  caf::actor coordinator;

  void ended(std::optional<error> e) {
    const std::lock_guard lock(mutex);
    fault = std::move(e);
    finished = time.now();
    over = true;
    changed.notify_all();
  }
};

result<job> job::start(graph g, run_options options) {
  if (auto prepared = prepare(g.plan(), options); !prepared)
    return prepared.error();
  auto p = std::make_unique<impl>(std::move(g), std::move(options));
  p->wired = wire_up(p->g.plan(), p->options, p->time, true);
  p->started = p->time.now();
  auto subtasks = std::move(p->wired.subtasks);
  p->coordinator = p->system.spawn<job_actor, caf::detached>(
      std::move(subtasks), p->options.dead_letters,
      [raw = p.get()](std::optional<error> e) { raw->ended(std::move(e)); });
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
  impl_->coordinator = nullptr;
}

void job::stop() { caf::anon_send(impl_->coordinator, command_message{{stop_command{}}}); }

void job::abort() { caf::anon_send(impl_->coordinator, abort_message{}); }

void job::regroup(std::string stage, any_grouping grouping) {
  caf::anon_send(impl_->coordinator,
                 command_message{{regroup_command{std::move(stage), grouping}}});
}

bool job::wait_for(std::chrono::nanoseconds timeout) {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, timeout, [&] { return impl_->over; });
}

result<void> job::wait() {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait(lock, [&] { return impl_->over; });
  if (impl_->fault)
    return *impl_->fault;
  return {};
}

job_report job::report() const {
  clock_time now = impl_->time.now();
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->over)
      now = impl_->finished;
  }
  job_report r = report_of(impl_->wired, impl_->g.plan(), now);
  r.elapsed = std::chrono::nanoseconds{now - impl_->started};
  r.dead_letters = impl_->options.dead_letters ? impl_->options.dead_letters->count() : 0;
  return r;
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
