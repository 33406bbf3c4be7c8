#include <leat/internal/cluster/cluster.hpp>

#include <leat/internal/cluster/network.hpp>
#include <leat/internal/cluster/worker_processes.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{100};
constexpr std::size_t most_difference = 1 << 20; // in bytes, of a plan to compare

} // namespace

result<std::unique_ptr<cluster>> cluster::form(caf::actor_system& system,
                                               std::unique_ptr<worker_group> workers,
                                               std::uint64_t term, std::string_view plan) {
  std::unique_ptr<cluster> c(new cluster(system, std::move(workers), term));
  for (connection& link : c->group_->take_links())
    publish(caf::actor_cast<caf::actor>(c->self_.ptr()), std::move(link));
  if (auto done = c->welcome(plan); !done)
    return done.error();
  return c;
}

// A process that cannot be asked to leave is killed.
cluster::~cluster() {
  notice_lost();
  worker_processes* const own = group_->processes();
  for (std::size_t n = 0; n < workers_.size(); ++n)
    if (workers_[n].agent)
      self_->send(workers_[n].agent, leave_message{again_});
    else if (own)
      own->kill(n + 1);
  if (own)
    own->wait_for_end();
}

void cluster::notice_lost() {
  for (bool more = true; more;)
    self_->receive([&](const caf::down_msg& m) { (void)lost(m); },
                   caf::after(std::chrono::seconds{0}) >> [&] { more = false; });
}

// Waits for one message of this type from every worker that lives, each handled as it comes; an
// error ends the wait.
template <class Message, class Handler>
result<void> cluster::hear_all(Handler handle) {
  for (worker& w : workers_)
    w.answered = false;
  const auto answered = [](const worker& w) { return w.answered; };
  result<void> done;
  deadline next_look = within(between_looks);
  while (done && !std::all_of(workers_.begin(), workers_.end(), answered)) {
    self_->receive([&](Message& m) { done = handle(m); },
                   [&](const caf::down_msg& m) { done = lost(m); }, [](const alive_message&) {},
                   caf::after(between_looks) >> [] {});
    if (done && has_passed(next_look)) {
      done = all_alive();
      next_look = within(between_looks);
    }
  }
  return done;
}

result<void> cluster::all_alive() {
  if (auto ended = group_->first_ended())
    return std::move(*ended);
  return {};
}

result<void> cluster::lost(const caf::down_msg& m) {
  for (std::size_t n = 0; n < workers_.size(); ++n)
    if (workers_[n].agent && workers_[n].agent.address() == m.source) {
      workers_[n].agent = nullptr;
      return lost_before_job(name_of(n + 1));
    }
  return {};
}

// Who is connected was started by us, or has proven who it is; it must have built the same graph.
result<void> cluster::welcome(std::string_view plan) {
  return hear_all<hello_message>([&](const hello_message& m) { return admit(m, plan); });
}

result<void> cluster::admit(const hello_message& m, std::string_view plan) {
  const auto agent = caf::actor_cast<caf::actor>(self_->current_sender());
  if (!agent || m.node == 0 || m.node > workers_.size())
    return internal_error(fmt::format("there is no worker {}", m.node));
  const auto refused = [&](std::string_view what) {
    return internal_error(fmt::format("node {} {}", name_of(m.node), what));
  };
  if (m.term != term_)
    return refused("belongs to another attempt");
  if (m.plan.size() > plan.size() + most_difference)
    return refused(fmt::format("sent a plan of {} bytes, that of the coordinator has {}",
                               m.plan.size(), plan.size()));
  if (m.plan != plan)
    return refused("built another graph than the coordinator: " + first_difference(plan, m.plan));
  for (const worker& w : workers_)
    if ((w.agent && w.agent.node() == agent.node()) || agent.node() == self_->node())
      return refused("has the node id of another");
  worker& w = workers_[m.node - 1];
  if (w.agent)
    return refused("has joined twice");
  w.agent = agent;
  w.answered = true;
  self_->monitor(agent);
  return {};
}

result<void> cluster::spawn(std::vector<planned_subtask>& subtasks, const caf::actor& relay,
                            const spawn_message& order) {
  relays_message relays;
  relays.relays.resize(workers_.size() + 1);
  relays.relays[0] = relay;
  for (const worker& w : workers_)
    self_->send(w.agent, order);
  auto heard = hear_all<spawned_message>([&](const spawned_message& m) -> result<void> {
    worker* const w = sender(m.node);
    if (!w)
      return {};
    w->answered = true;
    relays.relays[m.node] = m.relay;
    for (const auto& [number, subtask] : m.subtasks)
      if (number < subtasks.size() && subtasks[number].node == m.node)
        subtasks[number].elsewhere = subtask;
    return {};
  });
  for (const planned_subtask& s : subtasks)
    if (heard && s.node != 0 && !s.elsewhere)
      return internal_error(fmt::format("node {} did not start all its subtasks", name_of(s.node)));
  for (const caf::actor& r : relays.relays)
    if (heard && r)
      self_->send(r, relays);
  return heard;
}

// The worker that the message at hand is from; null if a stranger says it is that node.
cluster::worker* cluster::sender(std::size_t node) {
  if (node == 0 || node > workers_.size())
    return nullptr;
  worker& w = workers_[node - 1];
  return w.agent && w.agent == caf::actor_cast<caf::actor>(self_->current_sender()) ? &w : nullptr;
}

std::vector<worker_agent> cluster::agents() const {
  std::vector<worker_agent> all;
  for (std::size_t n = 1; n <= workers_.size(); ++n)
    all.push_back({workers_[n - 1].agent, name_of(n), workers_[n - 1].usage});
  return all;
}

void cluster::observe(const caf::actor& job) {
  for (const worker& w : workers_)
    self_->send(w.agent, observe_message{job});
}

} // namespace leat
