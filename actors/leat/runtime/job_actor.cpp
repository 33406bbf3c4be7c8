#include <leat/runtime/job_actor.hpp>

namespace leat {

job_actor::job_actor(caf::actor_config& config, std::vector<planned_subtask> plan,
                     dead_letter_office* office, job_end end)
    : caf::event_based_actor(config), plan_(std::move(plan)), office_(office), end_(std::move(end)),
      sources_(plan_.size()) {
  set_down_handler([this](const caf::down_msg& m) { gone(m); });
}

caf::behavior job_actor::make_behavior() {
  spawn_all();
  return {
      [this](const ready_message&) { ready(); },
      [this](const report_message& m) { report(m); },
      [this](const done_message& m) {
        if (plan_[m.subtask].is_source)
          report({m.subtask, end_mark});
      },
      [this](fault_message& m) { fail(std::move(m.what)); },
      [this](command_message& m) { inject(std::move(m.commands)); },
      [this](const abort_message&) {
        fail({error_domain::user, "stopped at once, as asked"});
      },
  };
}

void job_actor::spawn_all() {
  for (planned_subtask& p : plan_) {
    p.blueprint.job = caf::actor_cast<caf::actor>(this);
    p.blueprint.job_failed = failed_;
    auto made = std::move(p.blueprint);
    subtasks_.push_back(p.own_thread ? spawn<subtask_actor, caf::detached>(std::move(made))
                                     : spawn<subtask_actor>(std::move(made)));
    monitor(subtasks_.back());
    ++alive_;
  }
  for (std::size_t i = 0; i < plan_.size(); ++i)
    wire(i);
}

void job_actor::wire(std::size_t number) {
  wire_message m;
  for (const auto& lanes : plan_[number].ports) {
    m.ports.emplace_back();
    for (const auto& [consumer, channel] : lanes)
      m.ports.back().push_back({subtasks_[consumer], channel});
  }
  for (const auto& [producer, port, lane] : plan_[number].channels)
    m.channels.push_back({subtasks_[producer], port, lane});
  send(subtasks_[number], std::move(m));
}

void job_actor::ready() {
  if (++ready_ < plan_.size() || fault_)
    return;
  running_ = true;
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (plan_[i].is_source)
      send(subtasks_[i], start_message{});
  for (auto& commands : std::exchange(early_, {}))
    inject(std::move(commands));
}

// Idle sources and those that are done hold nobody back.
void job_actor::report(const report_message& m) {
  sources_[m.subtask] = m.reached;
  stamp slowest = end_of_stamps;
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (plan_[i].is_source && !sources_[i].idle)
      slowest = std::min(slowest, sources_[i].progress);
  if (slowest <= floor_ ||
      slowest == end_of_stamps) // all idle: they will go on from where they are
    return;
  floor_ = slowest;
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (plan_[i].reports)
      send(subtasks_[i], floor_message{floor_});
}

void job_actor::inject(std::vector<command> commands) {
  if (!running_) {
    early_.push_back(std::move(commands));
    return;
  }
  const auto at = std::make_shared<const barrier>(barrier{++epoch_, std::move(commands)});
  for (std::size_t i = 0; i < plan_.size(); ++i)
    if (plan_[i].is_source)
      send(subtasks_[i], barrier_message{at});
}

// The first fault is the cause; what fails after it is a consequence.
void job_actor::fail(error e) {
  if (fault_)
    return;
  fault_ = std::move(e);
  *failed_ = true;
  if (office_)
    office_->abandon();
  for (const caf::actor& s : subtasks_)
    send_exit(s, caf::exit_reason::kill);
}

void job_actor::gone(const caf::down_msg& m) {
  if (m.reason && m.reason != caf::exit_reason::normal)
    fail(internal_error("a subtask ended unasked: " + to_string(m.reason)));
  if (--alive_ == 0)
    quit();
}

void job_actor::on_exit() {
  subtasks_.clear();
  plan_.clear();
  if (end_)
    std::exchange(end_, nullptr)(fault_);
}

} // namespace leat
