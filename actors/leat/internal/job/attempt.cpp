#include <leat/internal/job/attempt.hpp>

#include <leat/internal/cluster/local_workers.hpp>
#include <leat/internal/cluster/network.hpp>
#include <leat/internal/cluster/placement.hpp>
#include <leat/internal/runtime/files_in_use.hpp>
#include <leat/internal/runtime/verdict.hpp>

namespace leat {

attempt::attempt(const job_basis& job, attempt_id which)
    : job_(job), which_(which), wired_(wire_up(job.planned, job.options, job.time, true)) {}

result<std::unique_ptr<attempt>> attempt::prepare(const job_basis& job, attempt_id which) {
  std::unique_ptr<attempt> made(new attempt(job, which));
  if (auto started = made->start_workers(); !started)
    return started.error();
  return made;
}

attempt::~attempt() {
  abort();
  let_go();
}

// Leaves to the workers what is theirs, if there are any.
result<void> attempt::start_workers() {
  const plan& p = job_.planned;
  const run_options& o = job_.options;
  const resolved_plan resolved = p.resolve(o.parallelism);
  auto workers = o.cluster ? o.cluster->start(which_.term)
                           : local_workers::start(o.local_workers, which_.term);
  if (!workers)
    return workers.error();
  const auto nodes =
      place(p, resolved, (*workers)->nodes(), {o.pins, (*workers)->on_other_hosts(), o.shared});
  if (!nodes)
    return nodes.error();
  if (!has_workers(o))
    return {};
  if (auto assigned = assign_nodes(p, wired_, *nodes, 0); !assigned)
    return assigned;
  auto joined =
      cluster::form(job_.system, std::move(*workers), which_.term, plan_text(p, resolved, *nodes));
  if (!joined)
    return joined.error();
  cluster_ = std::move(*joined);
  relay_ = job_.system.spawn<progress_relay>(std::move(wired_.relayed[0]));
  return cluster_->spawn(wired_.subtasks, relay_);
}

void attempt::run() {
  const auto ended = std::make_shared<std::promise<job_outcome>>();
  outcome_ = ended->get_future().share();
  coordinator_ = job_.system.spawn<job_actor, caf::detached>(
      which_, std::move(wired_.subtasks),
      cluster_ ? cluster_->agents() : std::vector<worker_agent>{}, job_.options.dead_letters,
      [this] { return verdict(metrics(job_.time.now()), job_.options); },
      [ended](job_outcome how) { ended->set_value(std::move(how)); });
  if (cluster_)
    cluster_->observe(coordinator_);
}

std::future<result<void>> attempt::give(command c) const {
  return give_command(coordinator_, job_.planned, std::move(c));
}

const job_outcome& attempt::wait() const {
  constexpr std::chrono::milliseconds between_looks{100};
  if (cluster_ && cluster_->on_other_hosts())
    while (outcome_.wait_for(between_looks) == std::future_status::timeout)
      caf::anon_send(coordinator_, pulse_message{cluster_->received()});
  return outcome_.get();
}

void attempt::abort() const { caf::anon_send(coordinator_, abort_message{}); }

void attempt::let_go() {
  if (std::exchange(gone_, true))
    return;
  const bool failed = outcome_.valid() && wait().fault;
  coordinator_ = nullptr;
  if (!has_workers(job_.options))
    return;
  if (relay_)
    caf::anon_send_exit(std::exchange(relay_, nullptr), caf::exit_reason::kill);
  cluster_.reset();
  settle(job_.system);
  if (failed) // a worker that was killed removed nothing
    remove_leftovers(job_.planned, job_.planned.resolve(job_.options.parallelism), job_.options);
}

job_metrics attempt::metrics(clock_time now) const {
  job_metrics r = metrics_of(wired_, job_.planned, now);
  r.elapsed = std::chrono::nanoseconds{now - job_.started};
  return r;
}

} // namespace leat
