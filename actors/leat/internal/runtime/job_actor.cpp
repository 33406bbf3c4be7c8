#include <leat/internal/runtime/job_actor.hpp>

#include <leat/detail/runtime/metrics.hpp>
#include <leat/detail/runtime/protocol_violation.hpp>
#include <leat/job.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

job_actor::job_actor(caf::actor_config& config, attempt_id which, std::vector<planned_subtask> plan,
                     std::vector<worker_agent> workers, dead_letter_sink* dead_letters,
                     job_verdict verdict, job_end end, checkpoint_setup checkpoints)
    : caf::event_based_actor(config), term_(which.term), plan_(std::move(plan)),
      workers_(std::move(workers)), dead_letters_(dead_letters), verdict_(std::move(verdict)),
      end_(std::move(end)), done_(plan_.size()), stopped_(plan_.size()), prepared_(plan_.size()),
      time_(checkpoints.time), epoch_(which.after) {
  if (checkpoints.store) {
    savepoints_.emplace(*checkpoints.store);
    checkpoints_.emplace(std::move(checkpoints), plan_.size(), time_->now());
  }
  set_down_handler([this](const caf::down_msg& m) { gone(m); });
}

caf::behavior job_actor::make_behavior() {
  spawn_all();
  return {
      [this](const ready_message& m) {
        if (is_from_subtask(m.subtask))
          ready();
      },
      [this](const prepared_message& m) { prepared(m); },
      [this](const saved_message& m) { saved(m); },
      [this](const checkpoint_look& m) {
        if (m.number == looks_)
          tend_checkpoints();
      },
      [this](const done_message& m) { done(m); },
      [this](const metrics_message& m) {
        const worker_agent* const worker = sending_worker();
        if (!worker)
          return strangers_.ignore("job");
        worker->usage->store(m.usage);
        for (const auto& [subtask, metrics] : m.metrics)
          take_metrics(subtask, metrics);
      },
      [this](fault_message& m) {
        if (const auto subtask = sending_subtask())
          fail(with_node(std::move(m.what), *subtask));
        else if (sending_worker())
          fail(std::move(m.what));
        else
          strangers_.ignore("job");
      },
      [this](const prepare_answer_message& m) { prepare_answered(m); },
      [this](const silent_message& m) {
        for (const std::size_t worker : m.workers)
          lost(worker);
      },
      [this](command_message& m) { give(m); },
      [this](savepoint_message& m) { give(m); },
      [this](const abort_message&) {
        if (committing_)
          return;
        fail(stopped_at_once());
        end_if_over();
      },
  };
}

caf::actor spawn_subtask(caf::local_actor& by, planned_subtask& p) {
  if (p.factory)
    return p.factory->spawn(by, std::move(p.blueprint), p.own_thread);
  return p.own_thread ? by.spawn<subtask_actor, caf::detached>(std::move(p.blueprint))
                      : by.spawn<subtask_actor>(std::move(p.blueprint));
}

void job_actor::spawn_all() {
  for (planned_subtask& p : plan_) {
    p.blueprint.job_failed = failed_;
    try {
      subtasks_.push_back(p.elsewhere ? p.elsewhere : spawn_subtask(*this, p));
    } catch (const std::exception& e) { // of the constructor of an actor of the user's own
      fail({error_domain::user, std::string("its actor cannot be made: ") + e.what(), {}, p.stage});
      return send(this, abort_message{}); // ends at once if there are none
    }
    monitor(subtasks_.back());
    alive_.insert(subtasks_.back().address());
  }
  for (std::size_t i = 0; i < plan_.size(); ++i)
    wire(i);
}

void job_actor::wire(std::size_t number) {
  wire_message m;
  m.number = number;
  m.term = term_;
  m.after = epoch_;
  m.job = caf::actor_cast<caf::actor>(this);
  for (const auto& lanes : plan_[number].ports) {
    m.ports.emplace_back();
    for (const auto& [consumer, channel] : lanes)
      m.ports.back().push_back(
          {subtasks_[consumer], channel, plan_[consumer].node != plan_[number].node});
  }
  for (const auto& [producer, port, lane] : plan_[number].channels)
    m.channels.push_back({subtasks_[producer], port, lane});
  send(subtasks_[number], std::move(m));
}

void job_actor::ready() {
  if (++ready_ < plan_.size() || fault_)
    return;
  running_ = true;
  if (savepoints_)
    begin_wanted_round();
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (plan_[i].is_source)
      send(subtasks_[i], start_message{});
  look_again();
  prepare_commands();
}

std::future<result<void>> give_command(const caf::actor& job, const plan& p, command c) {
  const auto outcome = std::make_shared<command_outcome>();
  auto future = outcome->get_future();
  if (auto taken = p.check(c); !taken)
    outcome->set(std::move(taken));
  else
    caf::anon_send(job, command_message{std::move(c), outcome});
  return future;
}

std::future<result<void>> refused_command(error why) {
  std::promise<result<void>> refused;
  refused.set_value(std::move(why));
  return refused.get_future();
}

void job_actor::give(command_message& m) {
  commands_.give(std::move(m.what), std::move(m.outcome));
  if (fault_)
    refuse_commands();
  prepare_commands();
}

void job_actor::refuse_commands() {
  error why = user_error("the job has ended");
  if (fault_) {
    why = *fault_;
    why.what = "the job has failed: " + why.what;
  }
  commands_.refuse_all(why);
}

void job_actor::prepare_commands() {
  while (running_ && !fault_ && !commands_.empty()) {
    if (const command* const first = commands_.unasked())
      ask(*first);
    if (!commands_.first_is_answered() || (checkpoints_ && checkpoints_->under_way()))
      return;
    conclude(commands_.take_first());
  }
}

void job_actor::ask(const command& c) {
  std::set<std::size_t> asked;
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (c.is_for(plan_[i].stage, plan_[i].verbs) && !done_[i] && !prepared_[i]) {
      asked.insert(i);
      send(subtasks_[i], prepare_message{c});
    }
  commands_.asked(std::move(asked));
}

void job_actor::prepare_answered(const prepare_answer_message& m) {
  if (!is_from_subtask(m.subtask))
    return;
  if (commands_.answered(m.subtask, m.refused ? std::optional(m.why) : std::nullopt))
    prepare_commands();
}

// There is nothing to prepare in it any more.
void job_actor::has_ended(std::size_t subtask) {
  if (commands_.ended(subtask))
    prepare_commands();
}

void job_actor::conclude(answered_command c) {
  if (!c.refusal && (c.prepared.empty() || !has_input()))
    c.refusal = user_error(fmt::format("command \"{}\" comes too late", c.what.verb),
                           "its stage, or all input, has ended");
  if (c.refusal) {
    for (const std::size_t i : c.prepared)
      send(subtasks_[i], withdraw_message{});
    return c.outcome->set(std::move(*c.refusal));
  }
  if (c.what.verb == stop_verb) {
    stopping_ = checkpoints_.has_value();
    for (const std::size_t i : c.prepared)
      stopped_[i] = true;
  }
  inject(std::move(c.what));
  c.outcome->set({});
}

// Without a source that goes on, no barrier enters the stream.
bool job_actor::has_input() const {
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (plan_[i].is_source && !stopped_[i])
      return true;
  return false;
}

void job_actor::inject(command c) {
  if (checkpoints_)
    begin_round({std::move(c)}, false);
  else
    send_barrier({++epoch_, {std::move(c)}});
}

void job_actor::send_barrier(const barrier& at) {
  barrier_message m;
  encode_barrier(at, m.content);
  for (const caf::actor& s : subtasks_)
    send(s, m);
}

void job_actor::begin_round(std::vector<command> commands, bool last) {
  send_barrier({++epoch_, commands});
  savepoints_->begin(last || stopping_);
  checkpoints_->begin(epoch_, std::move(commands), last, time_->now());
  look_again();
}

void job_actor::give(savepoint_message& m) {
  if (!savepoints_)
    return m.outcome->set(user_error("savepoints require checkpoints", "add --checkpoint-dir DIR"));
  if (fault_ || committing_)
    return m.outcome->set(user_error("the savepoint comes too late: the job ends"));
  savepoints_->ask(std::move(m.name), m.at_end, std::move(m.outcome));
  begin_wanted_round();
}

// If all input has ended, the last round comes anyway.
void job_actor::begin_wanted_round() {
  if (running_ && !fault_ && !committing_ && !checkpoints_->under_way() &&
      savepoints_->need_round() && may_inject())
    begin_round({}, false);
}

// A source that has ended emits no barrier, and one that reads no more still does.
bool job_actor::may_inject() const {
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (plan_[i].is_source && !done_[i] && !prepared_[i])
      return true;
  return false;
}

void job_actor::tend_checkpoints() {
  if (fault_ || committing_)
    return;
  const clock_time now = time_->now();
  const bool waited = checkpoints_->under_way();
  if (auto going_on = checkpoints_->expire(now); !going_on)
    return fail(going_on.error());
  if (waited && !checkpoints_->under_way())
    return round_over();
  if (checkpoints_->due(now) && all_settled())
    begin_round({}, true);
  else if (checkpoints_->due(now) && may_inject())
    begin_round({}, false);
  else if (!checkpoints_->due(now))
    look_again();
}

// Only the last look that was asked for counts.
void job_actor::look_again() {
  if (!checkpoints_)
    return;
  const clock_time wait = checkpoints_->next_look() - time_->now();
  delayed_send(this, std::chrono::nanoseconds{std::max<clock_time>(wait, 0)},
               checkpoint_look{++looks_});
}

void job_actor::saved(const saved_message& m) {
  if (!is_from_subtask(m.subtask) || !checkpoints_ || fault_)
    return;
  if (m.failed) {
    error why = m.why;
    why.what = fmt::format("{}: {}", plan_[m.subtask].stage, why.what);
    if (auto going_on = checkpoints_->give_up(m.of, why, time_->now()); !going_on)
      return fail(going_on.error());
    return round_over();
  }
  auto state = decode_subtask(m.state);
  if (!state)
    return fail(protocol_violation("what it says of its state cannot be read").error());
  if (checkpoints_->saved(m.subtask, m.of, std::move(*state)))
    complete_round();
}

void job_actor::complete_round() {
  savepoints_->published(); // who has saved had committed before
  const auto completed = checkpoints_->complete(time_->now(), time_->processing_now());
  if (!completed)
    return fail(completed.error());
  saved_ = saved_ || *completed;
  if (*completed) {
    savepoints_->complete(checkpoints_->completed());
    commit(**completed, stopping_ || checkpoints_->is_last());
  }
  if (!committing_)
    round_over();
}

void job_actor::round_over() {
  if (checkpoints_->under_way())
    return;
  savepoints_->give_up();
  if (all_settled() && !checkpoints_->is_last())
    return begin_round({}, true);
  look_again();
  prepare_commands();
  begin_wanted_round();
}

void job_actor::commit(epoch up_to, bool last) {
  committing_ = last;
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (!done_[i])
      send(subtasks_[i], commit_message{up_to, last});
}

// Who speaks for another subtask breaks the protocol; who is none is not heard.
bool job_actor::is_from_subtask(std::size_t number) {
  if (number < subtasks_.size() && is_from(*this, subtasks_[number]))
    return true;
  if (sending_subtask())
    fail(protocol_violation(fmt::format("it is not subtask {}", number)).error());
  else
    strangers_.ignore("job");
  return false;
}

std::optional<std::size_t> job_actor::sending_subtask() {
  const auto found =
      std::ranges::find_if(subtasks_, [this](const caf::actor& a) { return is_from(*this, a); });
  if (found == subtasks_.end())
    return {};
  return found - subtasks_.begin();
}

// Null if it is none.
const worker_agent* job_actor::sending_worker() {
  const auto found = std::ranges::find_if(
      workers_, [this](const worker_agent& w) { return is_from(*this, w.actor); });
  return found == workers_.end() ? nullptr : &*found;
}

// Null for the process of the job.
const worker_agent* job_actor::worker_of(std::size_t subtask) const {
  const std::size_t node = plan_[subtask].node;
  return node > 0 && node <= workers_.size() ? &workers_[node - 1] : nullptr;
}

error job_actor::with_node(error e, std::size_t subtask) const {
  if (const worker_agent* const worker = worker_of(subtask))
    e.what += fmt::format(" (on node {})", worker->name);
  return e;
}

void job_actor::take_metrics(std::size_t subtask, std::string_view metrics) {
  if (subtask < plan_.size() && !done_[subtask] && !metrics.empty())
    apply_metrics(metrics, *plan_[subtask].metrics);
}

void job_actor::done(const done_message& m) {
  if (!is_from_subtask(m.subtask) || done_[m.subtask])
    return;
  take_metrics(m.subtask, m.metrics);
  if (const worker_agent* const worker = worker_of(m.subtask))
    worker->usage->store(m.usage);
  done_[m.subtask] = stopped_[m.subtask] = true;
  has_ended(m.subtask);
  if (!prepared_[m.subtask])
    settled();
  end_if_over();
}

void job_actor::prepared(const prepared_message& m) {
  if (!is_from_subtask(m.subtask) || done_[m.subtask] || prepared_[m.subtask])
    return;
  take_metrics(m.subtask, m.metrics);
  prepared_[m.subtask] = true;
  has_ended(m.subtask);
  settled();
}

// A fault before the last one has settled keeps every output from appearing.
void job_actor::settled() {
  if (++settled_ < plan_.size() || fault_ || committing_)
    return;
  if (verdict_)
    if (auto good = verdict_(); !good)
      return fail(good.error());
  if (!checkpoints_)
    commit(++epoch_, true); // which ends with the input
  else if (!checkpoints_->under_way())
    begin_round({}, true);
}

// The first fault is the cause; what fails after it is a consequence.
void job_actor::fail(error e) {
  if (fault_)
    return;
  fault_ = std::move(e);
  *failed_ = true;
  refuse_commands();
  if (dead_letters_)
    dead_letters_->abandon();
  for (const worker_agent& w : workers_)
    send(w.actor, abandon_message{});
  for (const caf::actor& s : subtasks_)
    send_exit(s, caf::exit_reason::kill);
}

void job_actor::gone(const caf::down_msg& m) {
  if (alive_.erase(m.source) == 0)
    return;
  if (auto e = fault_of(m))
    fail(std::move(*e));
  end_if_over();
}

// Nobody can say when its subtasks end, and they can do nothing any more without this job.
void job_actor::lost(std::size_t worker) {
  fail(lost_worker(workers_[worker].name));
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (plan_[i].node == worker + 1)
      alive_.erase(subtasks_[i].address());
  end_if_over();
}

// Of a subtask that is elsewhere its end may be heard of before its last words.
void job_actor::end_if_over() {
  if (!alive_.empty() || (!fault_ && settled_ < plan_.size()))
    return;
  if (checkpoints_ && !fault_)
    checkpoints_->published();
  quit();
}

error lost_worker(std::string_view name) {
  return external_error(
      fmt::format("node {} was lost: its process ended, or does not answer", name),
      "what it printed stands above; start the job again", true);
}

// A subtask that comes to its end says so before. One whose process is gone, or answers no more,
// cannot; and one that is elsewhere may be heard of in another order.
std::optional<error> job_actor::fault_of(const caf::down_msg& m) const {
  std::size_t i = 0;
  while (subtasks_[i].address() != m.source)
    ++i;
  const bool local = plan_[i].node == 0;
  const bool unforced = !m.reason || m.reason == caf::exit_reason::normal;
  if (unforced && (done_[i] || !local))
    return {};
  if (!local && m.reason == caf::exit_reason::remote_link_unreachable)
    return lost_worker(worker_of(i)->name);
  error e = user_error("its actor ended before its stream did: " + to_string(m.reason),
                       "the actor of a stage lives until its stream has ended: neither it nor "
                       "another may end it");
  e.stage = plan_[i].stage;
  return e;
}

void job_actor::on_exit() {
  if (!alive_.empty() && !fault_)
    fail(internal_error("the job's coordinator ended before its subtasks"));
  refuse_commands();
  if (savepoints_ && !fault_)
    savepoints_->published();
  if (savepoints_)
    savepoints_->refuse(fault_ ? *fault_ : user_error("the job has ended before"));
  subtasks_.clear();
  workers_.clear();
  plan_.clear();
  if (end_)
    std::exchange(end_, nullptr)({fault_, running_, epoch_, saved_});
}

} // namespace leat
