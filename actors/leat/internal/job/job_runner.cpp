#include <leat/internal/job/job_runner.hpp>

#include <leat/internal/cluster/join.hpp>
#include <leat/internal/runtime/files_in_use.hpp>

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

result<std::unique_ptr<job_runner>> job_runner::start(graph g, run_options options,
                                                      restart_policy restarts) {
  if (options.local_workers > 0 && worker_invitation::of_this_process())
    return internal_error("a worker cannot start a job: the program that was started with "
                          "workers must come to run_command() again");
  const auto here = stages_here(g.plan(), options);
  if (!here)
    return here.error();
  if (auto prepared = prepare(g.plan(), options, *here); !prepared)
    return prepared.error();
  auto notes = remove_leftovers(g.plan(), g.plan().resolve(options.parallelism), options, *here);
  const auto users = system_of(g.plan());
  if (!users)
    return users.error();
  if (*users && has_workers(options))
    return user_error("a graph that lives in an actor system of this program cannot have workers",
                      "leave out the workers, or spawn by leat::actor instead of actor_in");
  const std::size_t threads = threads_of(blocking_subtasks(g.plan(), options), options);
  if (auto enough = check_threads(threads); !enough)
    return enough.error();
  if (!restarts)
    restarts = policy_of(options.restarts);
  std::unique_ptr<job_runner> job(
      new job_runner(std::move(g), std::move(options), std::move(restarts), *users));
  job->notes_ = std::move(notes);
  if (auto started = job->start_first(); !started)
    return started.error();
  return job;
}

job_runner::job_runner(graph g, run_options options, restart_policy restarts,
                       caf::actor_system* users)
    : graph_(std::move(g)), options_(std::move(options)),
      restarts_(std::move(restarts)), basis_{graph_.plan(), options_, time_,
                                             users ? *users : own_system_.emplace(configured()),
                                             files_} {}

caf::actor_system_config& job_runner::configured() {
  configure(config_, options_);
  return has_workers(options_) ? add_network(config_) : config_;
}

job_runner::~job_runner() {
  abort();
  if (attending_.joinable())
    attending_.join();
}

// Its errors are those of the start.
result<void> job_runner::start_first() {
  auto first = prepare_first();
  if (!first)
    return first.error();
  present_ = std::move(*first);
  basis_.started = time_.now();
  present_->run();
  attending_ = std::thread([this] { attend(); });
  return {};
}

// They are no reason to try again, but for a worker that was lost. That is still the first attempt:
// none has begun.
result<std::unique_ptr<attempt>> job_runner::prepare_first() {
  auto first = attempt::prepare(basis_, {});
  while (!first && first.error().retry && restarts_) {
    const auto again = restarts_(term_, {first.error(), false, 0, false});
    if (!again)
      break;
    std::this_thread::sleep_for(*again);
    ++retries_;
    last_fault_ = first.error().what;
    first = attempt::prepare(basis_, {});
  }
  return first;
}

// The life of the job, in a thread of its own.
void job_runner::attend() {
  job_outcome how = present_->wait();
  while (!is_over(how)) {
    present_->let_go(true);
    wait_before_next();
    how = try_again(how);
  }
  present_->let_go();
}

// The one place that decides so.
bool job_runner::is_over(const job_outcome& how) {
  const auto again = how.fault && restarts_ ? restarts_(term_, how) : std::nullopt;
  const std::lock_guard lock(mutex_);
  began_ = began_ || how.began;
  if (again && may_restart_) {
    phase_ = phase::between_attempts;
    delay_ = *again;
    ++retries_;
    last_fault_ = how.fault->what;
    return false;
  }
  phase_ = phase::over;
  fault_ = how.fault;
  finished_ = time_.now();
  changed_.notify_all();
  return true;
}

void job_runner::wait_before_next() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, delay_, [this] { return !may_restart_; });
}

// One that cannot be started has failed too. If the job is stopped meanwhile, it ends as the
// attempt before did.
job_outcome job_runner::try_again(const job_outcome& before) {
  if (options_.dead_letters)
    options_.dead_letters->resume();
  auto next = prepare_next(before.last_epoch);
  if (!next)
    return {next.error(), false, before.last_epoch, false};
  {
    const std::lock_guard lock(mutex_);
    if (!may_restart_)
      return before;
    present_ = std::move(*next);
    present_->run();
    phase_ = phase::running;
  }
  return present_->wait();
}

result<std::unique_ptr<attempt>> job_runner::prepare_next(epoch after) {
  try {
    return attempt::prepare(basis_, {++term_, after});
  } catch (const std::exception& e) { // of a copy of what the user has given
    return user_error(std::string("the stages cannot be made again: ") + e.what());
  }
}

std::future<result<void>> job_runner::give(command c) {
  const std::lock_guard lock(mutex_);
  if (c.verb == stop_verb && c.stage.empty())
    restart_no_more();
  if (phase_ == phase::over)
    return refused_command(user_error("the job has ended"));
  if (phase_ == phase::between_attempts)
    return refused_command(
        user_error("the job is between two attempts", "give the command again when it runs"));
  return present_->give(std::move(c));
}

std::future<result<void>> job_runner::savepoint(std::string name, bool stop) {
  std::unique_lock lock(mutex_);
  if (phase_ != phase::running) {
    lock.unlock();
    if (stop)
      (void)give({{}, stop_verb, {}});
    return refused_command(user_error("no attempt of the job is running"));
  }
  auto made = present_->savepoint(std::move(name), stop);
  if (stop) {
    restart_no_more();
    (void)present_->give({{}, stop_verb, {}});
  }
  return made;
}

void job_runner::abort() {
  const std::lock_guard lock(mutex_);
  restart_no_more();
  if (phase_ == phase::running && present_)
    present_->abort();
}

void job_runner::restart_no_more() {
  may_restart_ = false;
  changed_.notify_all();
}

bool job_runner::wait_for(std::chrono::nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return phase_ == phase::over; });
}

result<void> job_runner::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return phase_ == phase::over; });
  if (fault_)
    return *fault_;
  return {};
}

job_metrics job_runner::metrics() const {
  std::unique_lock lock(mutex_);
  const std::shared_ptr<const attempt> shown = present_;
  const clock_time now = phase_ == phase::over ? finished_ : time_.now();
  const std::uint64_t retries = retries_;
  std::string last_fault = last_fault_;
  lock.unlock();
  job_metrics m = shown->metrics(now);
  m.restarts = retries;
  m.last_fault = std::move(last_fault);
  return m;
}

bool job_runner::began() const {
  const std::lock_guard lock(mutex_);
  return phase_ != phase::over || began_;
}

} // namespace leat
