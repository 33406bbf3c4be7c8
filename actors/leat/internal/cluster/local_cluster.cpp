#include <leat/internal/cluster/local_cluster.hpp>

#include <leat/internal/cluster/network.hpp>
#include <leat/internal/cluster/placement.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{100};
constexpr int most_looks = 300; // until all have answered

// One end of a connection between two processes, until it is given away.
class link_end {
public:
  link_end() = default;
  explicit link_end(int socket) : socket_(socket) {}
  link_end(link_end&& other) noexcept : socket_(other.release()) {}
  link_end& operator=(link_end&& other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
  }
  ~link_end() {
    if (socket_ >= 0)
      ::close(socket_);
  }
  int get() const { return socket_; }
  int release() { return std::exchange(socket_, -1); }

private:
  int socket_ = -1;
};

result<std::pair<link_end, link_end>> new_link() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return external_error(fmt::format("the workers cannot be connected: {}", std::strerror(errno)),
                          errno == EMFILE ? "fewer workers, or more open files: see ulimit -n"
                                          : "");
  return std::pair{link_end(ends[0]), link_end(ends[1])};
}

} // namespace

result<std::unique_ptr<local_cluster>> local_cluster::start(caf::actor_system& system,
                                                            std::size_t workers, std::uint64_t term,
                                                            std::string_view plan) {
  std::unique_ptr<local_cluster> c(new local_cluster(system, workers, term));
  if (auto done = c->start_processes(); !done)
    return done.error();
  if (auto done = c->welcome(plan); !done)
    return done.error();
  return c;
}

local_cluster::~local_cluster() {
  notice_lost();
  for (std::size_t n = 0; n < workers_.size(); ++n)
    if (workers_[n].agent)
      self_->send(workers_[n].agent, leave_message{});
    else
      processes_.kill(n + 1);
  processes_.wait_for_end();
}

void local_cluster::notice_lost() {
  for (bool more = true; more;)
    self_->receive([&](const caf::down_msg& m) { (void)lost(m); },
                   caf::after(std::chrono::seconds{0}) >> [&] { more = false; });
}

// Every two nodes are connected by a pair of sockets that only they hold: what is of no process
// started so far is kept here until its turn, and closed when it has been inherited.
result<void> local_cluster::start_processes() {
  const std::size_t nodes = workers_.size() + 1;
  std::vector<std::vector<link_end>> links(nodes); // by node, to each other node
  for (auto& ends : links)
    ends.resize(nodes);
  for (std::size_t node = 0; node < nodes; ++node) {
    for (std::size_t later = node + 1; later < nodes; ++later) {
      auto made = new_link();
      if (!made)
        return made.error();
      links[node][later] = std::move(made->first);
      links[later][node] = std::move(made->second);
    }
    if (node == 0)
      continue;
    worker_invitation order{term_, node, {}};
    for (std::size_t other = 0; other < nodes; ++other)
      if (other != node)
        order.links.push_back(links[node][other].get());
    if (auto started = processes_.start(order); !started)
      return started;
    links[node].clear();
  }
  for (std::size_t node = 1; node < nodes; ++node)
    publish(caf::actor_cast<caf::actor>(self_.ptr()), links[0][node].release());
  return {};
}

// Waits for one message of this type from every worker, each handled as it comes; an error ends the
// wait.
template <class Message, class Handler>
result<void> local_cluster::hear_all(Handler handle) {
  for (worker& w : workers_)
    w.answered = false;
  const auto answered = [](const worker& w) { return w.answered; };
  result<void> done;
  for (int looks = 0; done && !std::all_of(workers_.begin(), workers_.end(), answered);) {
    self_->receive([&](Message& m) { done = handle(m); },
                   [&](const caf::down_msg& m) { done = lost(m); },
                   caf::after(between_looks) >>
                       [&] {
                         done = ++looks < most_looks
                                    ? all_alive()
                                    : external_error("not all workers have answered in time");
                       });
  }
  return done;
}

result<void> local_cluster::all_alive() {
  if (auto ended = processes_.first_ended())
    return std::move(*ended);
  return {};
}

result<void> local_cluster::lost(const caf::down_msg& m) {
  for (std::size_t n = 0; n < workers_.size(); ++n)
    if (workers_[n].agent && workers_[n].agent.address() == m.source) {
      workers_[n].agent = nullptr;
      return external_error(fmt::format("worker {} was lost before the job began", n + 1));
    }
  return {};
}

// Who is connected was started by us; it must have come to run the same.
result<void> local_cluster::welcome(std::string_view plan) {
  return hear_all<hello_message>([&](const hello_message& m) { return admit(m, plan); });
}

result<void> local_cluster::admit(const hello_message& m, std::string_view plan) {
  const auto agent = caf::actor_cast<caf::actor>(self_->current_sender());
  if (!agent || m.node == 0 || m.node > workers_.size())
    return internal_error(fmt::format("there is no worker {}", m.node));
  const auto refused = [&](std::string_view what) {
    return internal_error(fmt::format("worker {} {}", m.node, what));
  };
  if (m.term != term_)
    return refused("belongs to another attempt");
  if (m.build != own_build())
    return refused("runs another program than the coordinator");
  if (m.arguments != own_arguments())
    return refused("was given other arguments than the coordinator");
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

result<void> local_cluster::spawn(std::vector<planned_subtask>& subtasks) {
  for (const worker& w : workers_)
    self_->send(w.agent, spawn_message{});
  auto heard = hear_all<spawned_message>([&](const spawned_message& m) -> result<void> {
    worker* const w = sender(m.node);
    if (!w)
      return {};
    w->answered = true;
    for (const auto& [number, subtask] : m.subtasks)
      if (number < subtasks.size() && subtasks[number].node == m.node)
        subtasks[number].elsewhere = subtask;
    return {};
  });
  for (const planned_subtask& s : subtasks)
    if (heard && s.node != 0 && !s.elsewhere)
      return internal_error(fmt::format("worker {} did not start all its subtasks", s.node));
  return heard;
}

// The worker that the message at hand is from; null if a stranger says it is that node.
local_cluster::worker* local_cluster::sender(std::size_t node) {
  if (node == 0 || node > workers_.size())
    return nullptr;
  worker& w = workers_[node - 1];
  return w.agent && w.agent == caf::actor_cast<caf::actor>(self_->current_sender()) ? &w : nullptr;
}

std::vector<caf::actor> local_cluster::agents() const {
  std::vector<caf::actor> all;
  for (const worker& w : workers_)
    all.push_back(w.agent);
  return all;
}

void local_cluster::observe(const caf::actor& job) {
  for (const worker& w : workers_)
    self_->send(w.agent, observe_message{job});
}

} // namespace leat
