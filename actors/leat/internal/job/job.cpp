#include <leat/job.hpp>

#include <leat/internal/checkpoint/savepoint.hpp>
#include <leat/internal/job/job_runner.hpp>

namespace leat {

namespace {

result<std::string> made_savepoint(job_runner& by, const std::string& name, bool stop) {
  if (auto made = by.savepoint(name, stop).get(); !made)
    return made.error();
  return savepoint_folder(by.options().checkpoints.folder, name);
}

} // namespace

result<job> job::start(graph g, run_options options) {
  auto started = job_runner::start(std::move(g), std::move(options));
  if (!started)
    return started.error();
  return job(std::move(*started));
}

job::job(std::unique_ptr<job_runner> runner) : runner_(std::move(runner)) {}
job::job(job&&) noexcept = default;
job& job::operator=(job&&) noexcept = default;
job::~job() = default;

error stopped_at_once() { return user_error("stopped at once, as asked"); }

void job::stop() { (void)runner_->give({{}, stop_verb, {}}); }

result<std::string> job::savepoint(std::string name) {
  return made_savepoint(*runner_, name, false);
}

result<std::string> job::stop_with_savepoint(std::string name) {
  return made_savepoint(*runner_, name, true);
}

void job::abort() { runner_->abort(); }

result<void> job::set_batching(std::string stage, any_batching batching) {
  return command(std::move(stage), batching_verb, batching.text());
}

result<void> job::command(std::string stage, std::string verb, std::string payload) {
  return runner_->give({std::move(stage), std::move(verb), std::move(payload)}).get();
}

bool job::wait_for(std::chrono::nanoseconds timeout) { return runner_->wait_for(timeout); }

result<void> job::wait() { return runner_->wait(); }

bool job::began() const { return runner_->began(); }

const std::vector<std::string>& job::notes() const { return runner_->notes(); }

job_metrics job::metrics() const { return runner_->metrics(); }

result<job_metrics> run(graph g, run_options options) {
  auto j = job::start(std::move(g), std::move(options));
  if (!j)
    return j.error();
  if (auto done = j->wait(); !done)
    return done.error();
  return j->metrics();
}

} // namespace leat
