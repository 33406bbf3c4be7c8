#include <leat/internal/cluster/worker.hpp>

#include <leat/internal/cluster/local_workers.hpp>
#include <leat/internal/cluster/network.hpp>
#include <leat/internal/cluster/placement.hpp>
#include <leat/internal/cluster/worker_actor.hpp>
#include <leat/internal/runtime/system.hpp>
#include <leat/internal/runtime/wiring.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_reports{100};

std::vector<planned_subtask> share_of(std::size_t node, wired_job& all,
                                      const std::vector<std::size_t>& nodes) {
  std::vector<planned_subtask> own;
  for (std::size_t n = 0; n < nodes.size(); ++n)
    if (nodes[n] == node) {
      own.push_back(std::move(all.subtasks[n]));
      own.back().blueprint.reports_metrics = true;
    }
  return own;
}

// The coordinator and the workers before this one, as far as they can be reached: the coordinator
// sees for itself who of them is lost, and ends the others.
result<reached_message> reach_earlier(caf::actor_system& system, worker_role& role) {
  reached_message m;
  auto coordinator = dial(system, std::move(role.link_to(0)));
  if (!coordinator)
    return coordinator.error();
  m.coordinator = std::move(*coordinator);
  for (std::size_t node = 1; node < role.node; ++node) {
    auto peer = dial(system, std::move(role.link_to(node)));
    if (!peer)
      break;
    m.earlier.push_back(std::move(*peer));
  }
  return m;
}

} // namespace

worker_role role_of(const worker_invitation& order) {
  worker_role role{order.term, order.node, local_nodes(order.links.size()), {}, false};
  for (const int socket : order.links)
    role.links.emplace_back(owned_socket(socket));
  return role;
}

result<void> run_worker(graph g, const run_options& options, worker_role role) {
  const plan& p = g.plan();
  const resolved_plan resolved = p.resolve(options.parallelism);
  const auto nodes =
      place(p, resolved, role.nodes, {options.pins, role.on_other_hosts, options.shared});
  if (!nodes)
    return nodes.error();
  if (auto prepared = prepare(g.plan(), options, stages_on(role.node, resolved, *nodes)); !prepared)
    return prepared;
  steady_clock time;
  wired_job wired = wire_up(p, options, time, true);
  if (auto assigned = assign_nodes(p, wired, *nodes, role.node); !assigned)
    return assigned;
  auto own = share_of(role.node, wired, *nodes);
  const auto blocking = std::ranges::count_if(own, &planned_subtask::own_thread);
  const std::size_t threads = threads_of(static_cast<std::size_t>(blocking), options);
  if (auto enough = check_threads(threads); !enough)
    return enough;

  caf::actor_system_config config;
  caf::actor_system system(add_network(configure(config, options)));
  std::promise<result<void>> ended;
  auto end = ended.get_future();
  const auto reports = std::make_shared<metrics_reports>();
  caf::actor me = system.spawn<worker_actor>(
      worker_share{std::move(own),
                   std::move(wired.relayed[role.node]),
                   {role.term, role.node, plan_text(p, resolved, *nodes)},
                   role.nodes,
                   options.dead_letters,
                   reports},
      std::move(ended));
  for (std::size_t later = role.node + 1; later <= role.nodes.size(); ++later)
    publish(me, std::move(role.link_to(later)));
  auto reached = reach_earlier(system, role);
  if (reached)
    caf::anon_send(me, std::move(*reached));
  else
    caf::anon_send_exit(me, caf::exit_reason::kill);
  while (end.wait_for(between_reports) == std::future_status::timeout)
    reports->send(me);
  me = nullptr;
  const auto outcome = end.get();
  settle(system);
  return reached ? outcome : reached.error();
}

} // namespace leat
