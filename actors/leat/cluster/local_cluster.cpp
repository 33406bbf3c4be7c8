#include <leat/cluster/local_cluster.hpp>

#include <leat/cluster/join.hpp>
#include <leat/cluster/network.hpp>

#include <algorithm>
#include <array>
#include <caf/io/all.hpp>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{100};
constexpr int most_looks = 300; // until all have answered
constexpr std::chrono::milliseconds between_farewells{10};
constexpr int most_farewells = 100; // until a worker that was asked to leave is killed

std::string new_token() {
  std::array<std::uint64_t, 2> random{};
  if (::getentropy(random.data(), sizeof random) != 0)
    throw failure(external_error("no random numbers can be had"));
  return fmt::format("{:016x}{:016x}", random[0], random[1]);
}

std::vector<std::string> split_arguments(const std::string& joined) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < joined.size(); at += all.back().size() + 1)
    all.emplace_back(joined.c_str() + at);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& t : texts)
    all.push_back(t.data());
  all.push_back(nullptr);
  return all;
}

// The program again, with the same arguments. Ctrl-C is for the coordinator alone. Not above zero:
// an error number with its sign turned.
pid_t start_process(const join_order& order) {
  auto arguments = split_arguments(own_arguments());
  std::vector<std::string> variables{order.as_variable()};
  for (char** v = environ; *v; ++v)
    variables.emplace_back(*v);
  const auto argv = pointers(arguments);
  const auto envp = pointers(variables);
  sigset_t blocked;
  pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  sigaddset(&blocked, SIGINT);
  sigaddset(&blocked, SIGTERM);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigmask(&attributes, &blocked);
  pid_t child = -1;
  const int fault =
      ::posix_spawn(&child, "/proc/self/exe", nullptr, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  return fault == 0 ? child : -fault;
}

// Whether a child process has ended, which is true only once; where another part of the program
// has reaped it, `status` stays as it is.
bool reap(pid_t& process, int& status) {
  if (process <= 0)
    return false;
  const pid_t ended = ::waitpid(process, &status, WNOHANG);
  if (ended != process && !(ended < 0 && errno == ECHILD))
    return false;
  process = -1;
  return true;
}

std::string how(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("was killed by signal {}", WTERMSIG(status));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

} // namespace

result<std::unique_ptr<local_cluster>>
local_cluster::start(caf::actor_system& system, std::size_t workers, std::uint64_t plan) {
  std::unique_ptr<local_cluster> c(new local_cluster(system, new_token()));
  const auto port = publish(caf::actor_cast<caf::actor>(c->self_.ptr()));
  if (!port)
    return port.error();
  c->port_ = *port;
  if (auto done = c->start_processes(workers, *port); !done)
    return done.error();
  if (auto done = c->welcome(plan); !done)
    return done.error();
  if (auto done = c->introduce(); !done)
    return done.error();
  system.middleman().unpublish(caf::actor_cast<caf::actor>(c->self_.ptr()), c->port_);
  return c;
}

local_cluster::~local_cluster() {
  notice_lost();
  for (const worker& w : workers_)
    if (w.agent)
      self_->send(w.agent, leave_message{});
    else if (w.process > 0)
      ::kill(w.process, SIGKILL);
  for (int looks = 0; looks < most_farewells && anybody_left(); ++looks)
    std::this_thread::sleep_for(between_farewells);
  for (const worker& w : workers_)
    if (w.process > 0) {
      ::kill(w.process, SIGKILL);
      ::waitpid(w.process, nullptr, 0);
    }
}

void local_cluster::notice_lost() {
  for (bool more = true; more;)
    self_->receive([&](const caf::down_msg& m) { (void)lost(m); },
                   caf::after(std::chrono::seconds{0}) >> [&] { more = false; });
}

// Reaps who has ended.
bool local_cluster::anybody_left() {
  int status = 0;
  for (worker& w : workers_)
    reap(w.process, status);
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const worker& w) { return w.process > 0; });
}

result<void> local_cluster::start_processes(std::size_t workers, std::uint16_t port) {
  for (std::size_t node = 1; node <= workers; ++node) {
    const pid_t process = start_process({port, node, token_});
    if (process <= 0)
      return external_error(
          fmt::format("worker {} cannot be started: {}", node, std::strerror(-process)));
    workers_.emplace_back().process = process;
  }
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
  for (std::size_t n = 0; n < workers_.size(); ++n) {
    int status = 0;
    if (reap(workers_[n].process, status))
      return external_error(fmt::format("worker {} {} before the job began", n + 1, how(status)));
  }
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

result<void> local_cluster::welcome(std::uint64_t plan) {
  return hear_all<hello_message>([&](const hello_message& m) {
    return admit(m, caf::actor_cast<caf::actor>(self_->current_sender()), plan);
  });
}

// Whoever does not know the token is a stranger: ignored. Whoever does must run the same.
result<void> local_cluster::admit(const hello_message& m, const caf::actor& agent,
                                  std::uint64_t plan) {
  if (m.token != token_ || m.node == 0 || m.node > workers_.size() || !agent)
    return {};
  const auto refused = [&](std::string_view what) {
    return internal_error(fmt::format("worker {} {} than the coordinator", m.node, what));
  };
  if (m.build != own_build())
    return refused("runs another program");
  if (m.arguments != own_arguments())
    return refused("was given other arguments");
  if (m.plan != plan)
    return refused("built another graph");
  for (const worker& w : workers_)
    if ((w.agent && w.agent.node() == agent.node()) || agent.node() == self_->node())
      return internal_error(fmt::format("worker {} has the node id of another", m.node));
  worker& w = workers_[m.node - 1];
  w.agent = agent;
  w.port = m.port;
  w.answered = true;
  self_->monitor(agent);
  return {};
}

// Of two workers the later one dials the earlier; the connection serves both.
result<void> local_cluster::introduce() {
  dial_message earlier;
  for (const worker& w : workers_) {
    self_->send(w.agent, earlier);
    earlier.ports.push_back(w.port);
  }
  return hear_all<dialled_message>([&](const dialled_message& m) -> result<void> {
    worker* const w = sender(m.node);
    if (!w)
      return {};
    w->answered = true;
    if (!m.fault.empty())
      return external_error(fmt::format("worker {}: {}", m.node, m.fault));
    return {};
  });
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
