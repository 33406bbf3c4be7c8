#include <leat/internal/job/attempt.hpp>

#include <leat/internal/cluster/local_workers.hpp>
#include <leat/internal/cluster/network.hpp>
#include <leat/internal/cluster/placement.hpp>
#include <leat/internal/runtime/files_in_use.hpp>
#include <leat/internal/runtime/restoring.hpp>
#include <leat/internal/runtime/verdict.hpp>

#include <fmt/format.h>
#include <unistd.h>

namespace leat {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

} // namespace

result<std::vector<bool>> stages_here(const plan& p, const run_options& o) {
  if (!o.cluster)
    return std::vector<bool>{};
  return stages_at_coordinator(p, p.resolve(o.parallelism), {o.pins, true, o.shared});
}

attempt::attempt(const job_basis& job, attempt_id which)
    : job_(job), which_(which), is_first_(which.term == attempt_id{}.term),
      wired_(wire_up(job.planned, job.options, job.time, true)) {}

result<std::unique_ptr<attempt>> attempt::prepare(const job_basis& job, attempt_id which) {
  std::unique_ptr<attempt> made(new attempt(job, which));
  if (auto claimed = made->claim_checkpoints(); !claimed)
    return claimed.error();
  if (auto started = made->start_workers(); !started)
    return started.error();
  return made;
}

attempt::~attempt() {
  abort();
  let_go();
}

result<void> attempt::claim_checkpoints() {
  const std::string& folder = job_.options.checkpoints.folder;
  if (folder.empty())
    return {};
  if (auto found = find_origin(); !found)
    return found;
  auto store = checkpoint_store::open(
      job_.files, {folder, job_.planned.name, host_name(), getpid(), job_.time.processing_now(),
                   job_.options.checkpoints.kept,
                   origin_ ? first_slot_after(origin_->manifest.epoch) : slot_number{1}});
  if (!store)
    return store.error();
  store_.emplace(std::move(*store));
  which_ = attempt_of(*store_);
  const subtask_folders folders = subtask_folders_of(folder);
  for (const std::string& path : {folders.outputs, folders.letters, folders.poison})
    if (auto made = job_.files.make_folder(path); !made)
      return made;
  if (auto restored = restore_newest(); !restored)
    return restored;
  states_ = std::make_unique<state_thread>(job_.files, folder, which_.term);
  keep_states(wired_, states_->keeper(), folders, job_.options.restarts.poison_after);
  return {};
}

// The folder's own checkpoints come after the one that its job began with, and are not to be
// forgotten by accident.
result<void> attempt::find_origin() {
  const checkpoint_options& o = job_.options.checkpoints;
  if (o.restore_from.empty())
    return {};
  if (is_first_ && checkpoint_folder(job_.files, o.folder).has_checkpoints())
    return user_error(fmt::format("\"{}\" holds checkpoints already, which \"{}\" would replace",
                                  o.folder, o.restore_from),
                      "leave out --restore to go on from the newest of them, or choose another "
                      "--checkpoint-dir");
  auto found = find_checkpoint(job_.files, o.restore_from);
  if (!found)
    return found.error();
  if (found->manifest.job != job_.planned.name)
    return user_error(fmt::format("\"{}\" is a checkpoint of the job \"{}\", not of \"{}\"",
                                  o.restore_from, found->manifest.job, job_.planned.name));
  origin_ = std::move(*found);
  return {};
}

// Only the first attempt may begin anew: others go on from what it has made.
result<void> attempt::restore_newest() {
  if (!job_.options.checkpoints.restore && is_first_)
    return {};
  auto newest = store_->newest();
  if (!newest)
    return newest.error();
  if (*newest) {
    checkpoint_metrics_->change(
        [&](checkpoint_metrics& m) { m.passed_over = (*newest)->passed_over; });
    return go_on_from({job_.options.checkpoints.folder, std::move((*newest)->manifest)});
  }
  if (!origin_)
    return {};
  // The sinks look for outputs of later epochs: those are of another continuation.
  if (is_first_)
    which_.after = origin_->manifest.epoch;
  if (auto carried = carry_prepared(); !carried)
    return carried;
  return go_on_from(*origin_);
}

result<void> attempt::carry_prepared() {
  if (origin_->published)
    return {};
  const subtask_folders from = subtask_folders_of(origin_->folder);
  const subtask_folders to = subtask_folders_of(job_.options.checkpoints.folder);
  if (auto carried = carry_outputs(job_.files, from.outputs, to.outputs); !carried)
    return carried;
  return carry_outputs(job_.files, from.letters, to.letters);
}

result<void> attempt::go_on_from(const saved_checkpoint& from) {
  if (auto possible = check_restorable(from.manifest, wired_.subtasks,
                                       job_.options.checkpoints.allow_non_restored_state);
      !possible)
    return possible;
  stamped_ = needs_stamps(from.manifest, wired_.subtasks);
  restore(from, stamped_, job_.files, wired_.subtasks);
  restored_ = encode_checkpoint(from);
  checkpoint_metrics_->change([&](checkpoint_metrics& m) { m.restored = from.manifest.epoch; });
  return {};
}

checkpoint_setup attempt::checkpoints() {
  if (!store_)
    return {};
  return {&*store_, &job_.time, job_.options.checkpoints, {}, checkpoint_metrics_};
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
  if (auto assigned = assign_nodes(p, o, wired_, *nodes, 0); !assigned)
    return assigned;
  auto joined =
      cluster::form(job_.system, std::move(*workers), which_.term, plan_text(p, resolved, *nodes));
  if (!joined)
    return joined.error();
  cluster_ = std::move(*joined);
  for (const worker_agent& w : cluster_->agents())
    workers_.push_back({w.name, w.usage});
  relay_ = job_.system.spawn<progress_relay>(std::move(wired_.relayed[0]));
  dead_letters_ = std::make_unique<dead_letter_desk>(
      job_.system, o.dead_letters ? *o.dead_letters : no_dead_letters(), cluster_->agents());
  return cluster_->spawn(wired_.subtasks, relay_, {dead_letters_->address(), restored_, stamped_});
}

void attempt::run() {
  const auto ended = std::make_shared<std::promise<job_outcome>>();
  outcome_ = ended->get_future().share();
  coordinator_ = job_.system.spawn<job_actor, caf::detached>(
      which_, std::move(wired_.subtasks),
      cluster_ ? cluster_->agents() : std::vector<worker_agent>{}, job_.options.dead_letters,
      [this] { return verdict(metrics(job_.time.now()), job_.options); },
      [ended](job_outcome how) { ended->set_value(std::move(how)); }, checkpoints());
  if (cluster_)
    cluster_->observe(coordinator_);
}

std::future<result<void>> attempt::give(command c) const {
  return give_command(coordinator_, job_.planned, std::move(c));
}

std::future<result<void>> attempt::savepoint(std::string name, bool at_end) const {
  const auto outcome = std::make_shared<command_outcome>();
  auto future = outcome->get_future();
  caf::anon_send(coordinator_, savepoint_message{std::move(name), at_end, outcome});
  return future;
}

const job_outcome& attempt::wait() const {
  constexpr std::chrono::milliseconds between_looks{100};
  if (cluster_ && cluster_->on_other_hosts())
    while (outcome_.wait_for(between_looks) == std::future_status::timeout)
      if (auto silent = cluster_->silent_workers(); !silent.empty())
        caf::anon_send(coordinator_, silent_message{std::move(silent)});
  return outcome_.get();
}

void attempt::abort() const { caf::anon_send(coordinator_, abort_message{}); }

void attempt::let_go(bool again) {
  if (std::exchange(gone_, true))
    return;
  const bool failed = outcome_.valid() && wait().fault;
  coordinator_ = nullptr;
  states_.reset();
  store_.reset();
  if (!has_workers(job_.options))
    return;
  if (relay_)
    caf::anon_send_exit(std::exchange(relay_, nullptr), caf::exit_reason::kill);
  if (again && cluster_)
    cluster_->expect_again();
  cluster_.reset();
  dead_letters_.reset();
  settle(job_.system);
  const auto here = stages_here(job_.planned, job_.options);
  if (failed && here) // a worker that was killed removed nothing
    remove_leftovers(job_.planned, job_.planned.resolve(job_.options.parallelism), job_.options,
                     *here);
}

job_metrics attempt::metrics(clock_time now) const {
  job_metrics r = metrics_of(wired_, job_.planned, now);
  r.elapsed = std::chrono::nanoseconds{now - job_.started};
  r.nodes = metrics_of_nodes();
  if (!job_.options.checkpoints.folder.empty())
    r.checkpoints = checkpoint_metrics_->read();
  return r;
}

std::vector<node_metrics> attempt::metrics_of_nodes() const {
  std::vector<node_metrics> nodes;
  if (workers_.empty())
    return nodes;
  const auto add = [&](std::string_view name, const process_usage& u) {
    node_metrics& n = nodes.emplace_back();
    n.name = name;
    n.cpu = std::chrono::nanoseconds{u.cpu};
    n.memory = u.memory;
  };
  add(coordinator_name, own_usage());
  for (const measured_worker& w : workers_)
    add(w.name, w.usage->load());
  for (std::size_t s = 0; s < wired_.node_of.size(); ++s) {
    const stage_counters& c = wired_.metrics[s]->counters;
    node_metrics& n = nodes[wired_.node_of[s]];
    ++n.subtasks;
    n.records_in += c.records_in;
    n.records_out += c.records_out;
    n.dead_letters += c.dead_letters;
  }
  return nodes;
}

} // namespace leat
