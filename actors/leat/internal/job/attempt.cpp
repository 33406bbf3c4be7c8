#include <leat/internal/job/attempt.hpp>

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
  const std::size_t workers = job_.options.local_workers;
  const resolved_plan resolved = p.resolve(job_.options.parallelism);
  const auto nodes = place_run(p, resolved, job_.options);
  if (!nodes)
    return nodes.error();
  if (workers == 0)
    return {};
  if (auto assigned = assign_nodes(p, wired_, *nodes, 0); !assigned)
    return assigned;
  auto joined =
      local_cluster::start(job_.system, workers, which_.term, plan_text(p, resolved, *nodes));
  if (!joined)
    return joined.error();
  cluster_ = std::move(*joined);
  return cluster_->spawn(wired_.subtasks);
}

void attempt::run() {
  const auto ended = std::make_shared<std::promise<job_outcome>>();
  outcome_ = ended->get_future().share();
  coordinator_ = job_.system.spawn<job_actor, caf::detached>(
      which_, std::move(wired_.subtasks), cluster_ ? cluster_->agents() : std::vector<caf::actor>{},
      job_.options.dead_letters, [this] { return verdict(metrics(job_.time.now()), job_.options); },
      [ended](job_outcome how) { ended->set_value(std::move(how)); });
  if (cluster_)
    cluster_->observe(coordinator_);
}

std::future<result<void>> attempt::give(command c) const {
  return give_command(coordinator_, job_.planned, std::move(c));
}

void attempt::abort() const { caf::anon_send(coordinator_, abort_message{}); }

void attempt::let_go() {
  if (std::exchange(gone_, true))
    return;
  const bool failed = outcome_.valid() && wait().fault;
  coordinator_ = nullptr;
  if (job_.options.local_workers == 0)
    return;
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
