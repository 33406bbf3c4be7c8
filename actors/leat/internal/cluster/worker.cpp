#include <leat/internal/cluster/worker.hpp>

#include <leat/internal/cluster/network.hpp>
#include <leat/internal/cluster/placement.hpp>
#include <leat/internal/cluster/worker_actor.hpp>
#include <leat/internal/runtime/system.hpp>
#include <leat/internal/runtime/wiring.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

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
result<reached_message> reach_earlier(caf::actor_system& system, const worker_invitation& order) {
  reached_message m;
  auto coordinator = dial(system, order.link_to(0));
  if (!coordinator)
    return coordinator.error();
  m.coordinator = std::move(*coordinator);
  for (std::size_t node = 1; node < order.node; ++node) {
    auto peer = dial(system, order.link_to(node));
    if (!peer)
      break;
    m.earlier.push_back(std::move(*peer));
  }
  return m;
}

} // namespace

result<void> run_worker(graph g, const run_options& options, const worker_invitation& order) {
  if (order.node > options.local_workers || order.links.size() != options.local_workers)
    return internal_error(
        fmt::format("there is no worker {} of {}", order.node, options.local_workers));
  const plan& p = g.plan();
  const resolved_plan resolved = p.resolve(options.parallelism);
  const auto nodes = place_run(p, resolved, options);
  if (!nodes)
    return nodes.error();
  if (auto prepared = prepare(g.plan(), options, stages_on(order.node, resolved, *nodes));
      !prepared)
    return prepared;
  steady_clock time;
  wired_job wired = wire_up(p, options, time, true);
  if (auto assigned = assign_nodes(p, wired, *nodes, order.node); !assigned)
    return assigned;
  auto own = share_of(order.node, wired, *nodes);
  const auto blocking = std::ranges::count_if(own, &planned_subtask::own_thread);
  const std::size_t threads = threads_of(static_cast<std::size_t>(blocking), options);
  if (auto enough = check_threads(threads); !enough)
    return enough;

  caf::actor_system_config config;
  caf::actor_system system(add_network(configure(config, options)));
  std::promise<result<void>> ended;
  auto end = ended.get_future();
  caf::actor me =
      system.spawn<worker_actor>(std::move(own),
                                 hello_message{order.term, order.node, own_arguments(),
                                               plan_text(p, resolved, *nodes), own_build()},
                                 options.local_workers, options.dead_letters, std::move(ended));
  for (std::size_t later = order.node + 1; later <= options.local_workers; ++later)
    publish(me, order.link_to(later));
  auto reached = reach_earlier(system, order);
  if (reached)
    caf::anon_send(me, std::move(*reached));
  else
    caf::anon_send_exit(me, caf::exit_reason::kill);
  me = nullptr;
  const auto outcome = end.get();
  settle(system);
  return reached ? outcome : reached.error();
}

} // namespace leat
