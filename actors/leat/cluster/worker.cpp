#include <leat/cluster/worker.hpp>

#include <leat/cluster/network.hpp>
#include <leat/cluster/placement.hpp>
#include <leat/runtime/measurements.hpp>
#include <leat/runtime/system.hpp>
#include <leat/runtime/wiring.hpp>

#include <fmt/format.h>
#include <future>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_figures{100};

// Speaks for the node. It ends when the coordinator says so, or is gone.
class worker_actor final : public caf::event_based_actor {
public:
  worker_actor(caf::actor_config& config, std::vector<planned_subtask> own, std::size_t node,
               const caf::actor& coordinator, dead_letter_office* office,
               std::promise<result<void>> end)
      : caf::event_based_actor(config), own_(std::move(own)), node_(node),
        coordinator_(coordinator.address()), office_(office), end_(std::move(end)) {
    monitor(coordinator);
    set_down_handler([this](const caf::down_msg& m) {
      if (m.source == coordinator_)
        end_with(external_error("the coordinator is gone"));
      else if (m.reason == caf::exit_reason::remote_link_unreachable)
        lost_peer(m.source);
    });
  }

  caf::behavior make_behavior() override {
    return {
        [this](const dial_message& m) {
          return dialled_message{node_, dial_all(m.ports)};
        },
        [this](const spawn_message&) { return spawn_all(); },
        [this](const observe_message& m) {
          job_ = m.job;
          tell_figures();
        },
        [this](caf::tick_atom) { tell_figures(); },
        [this](const abandon_message&) { abandon(); },
        [this](const leave_message&) { end_with({}); },
    };
  }

  void on_exit() override {
    abandon();
    if (!ended_)
      end_.set_value(internal_error("the worker's actor ended unasked"));
    for (const caf::actor& s : subtasks_)
      send_exit(s, caf::exit_reason::kill);
    subtasks_.clear();
    peers_.clear();
    job_ = nullptr;
  }

private:
  std::string dial_all(const std::vector<std::uint16_t>& ports) {
    for (const std::uint16_t port : ports) {
      auto peer = dial(system(), port);
      if (!peer)
        return peer.error().what;
      monitor(*peer);
      peers_.push_back(std::move(*peer));
    }
    return {};
  }

  spawned_message spawn_all() {
    spawned_message m{node_, {}};
    for (planned_subtask& p : own_) {
      p.blueprint.job_failed = failed_;
      subtasks_.push_back(spawn_subtask(*this, p));
      m.subtasks.emplace_back(p.number, subtasks_.back());
      metrics_.emplace_back(p.number, p.metrics);
    }
    own_.clear();
    return m;
  }

  void tell_figures() {
    figures_message m;
    for (const auto& [number, metrics] : metrics_)
      m.measured.emplace_back(number, encode_measurements(*metrics));
    send(job_, std::move(m));
    delayed_send(this, between_figures, caf::tick_atom::value);
  }

  // What it should get from there, or send there, is lost without a trace.
  void lost_peer(const caf::actor_addr& peer) {
    std::size_t node = 1; // peers are the workers before this one
    while (node < peers_.size() && peers_[node - 1].address() != peer)
      ++node;
    error e = lost_worker(node);
    if (job_)
      send(job_, fault_message{0, std::move(e)});
    else
      end_with(std::move(e));
  }

  void abandon() {
    *failed_ = true;
    if (office_)
      office_->abandon();
  }

  void end_with(result<void> how) {
    if (!std::exchange(ended_, true))
      end_.set_value(std::move(how));
    quit();
  }

  std::vector<planned_subtask> own_;
  std::size_t node_;
  caf::actor_addr coordinator_;
  dead_letter_office* office_;
  std::shared_ptr<std::atomic<bool>> failed_ = std::make_shared<std::atomic<bool>>(false);
  bool ended_ = false;
  std::promise<result<void>> end_;
  std::vector<caf::actor> subtasks_;
  std::vector<caf::actor> peers_; // held, so that their connections stay
  std::vector<std::pair<std::size_t, std::shared_ptr<subtask_metrics>>> metrics_;
  caf::actor job_;
};

std::vector<planned_subtask> share_of(std::size_t node, wired_job& all,
                                      const std::vector<std::size_t>& nodes) {
  std::vector<planned_subtask> own;
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (nodes[n] == node) {
      own.push_back(std::move(all.subtasks[n]));
      own.back().blueprint.tells_figures = true;
    }
  return own;
}

} // namespace

result<void> run_worker(graph g, const run_options& options, const join_order& order) {
  if (order.node == 0 || order.node > options.local_workers)
    return internal_error(fmt::format("there is no worker {}", order.node));
  const plan& p = g.plan();
  const resolved_plan resolved = p.resolve(options.parallelism);
  const auto nodes = place(p, resolved, options.local_workers);
  if (auto prepared = prepare(g.plan(), options, stages_on(order.node, resolved, nodes)); !prepared)
    return prepared;
  steady_clock time;
  wired_job wired = wire_up(p, options, time, true);
  auto own = share_of(order.node, wired, nodes);

  caf::actor_system_config config;
  caf::actor_system system(add_network(configure(config, options)));
  std::promise<result<void>> ended;
  auto end = ended.get_future();
  const auto coordinator = dial(system, order.port);
  if (!coordinator)
    return coordinator.error();
  const auto me = system.spawn<worker_actor, caf::detached>(
      std::move(own), order.node, *coordinator, options.dead_letters, std::move(ended));
  const auto port = publish(me);
  if (!port)
    return port.error();
  caf::send_as(me, *coordinator,
               hello_message{order.token, order.node, *port, own_arguments(),
                             plan_fingerprint(p, resolved), own_build()});
  return end.get();
}

} // namespace leat
