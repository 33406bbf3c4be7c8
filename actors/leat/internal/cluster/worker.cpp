#include <leat/internal/cluster/worker.hpp>

#include <leat/internal/checkpoint/posix_files.hpp>
#include <leat/internal/cluster/join_protocol.hpp>
#include <leat/internal/cluster/local_workers.hpp>
#include <leat/internal/cluster/network.hpp>
#include <leat/internal/cluster/placement.hpp>
#include <leat/internal/cluster/worker_actor.hpp>
#include <leat/internal/runtime/files_in_use.hpp>
#include <leat/internal/runtime/state_thread.hpp>
#include <leat/internal/runtime/system.hpp>
#include <leat/internal/runtime/wiring.hpp>

#include <algorithm>
#include <thread>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_reports{100};
constexpr std::chrono::seconds between_nodes{30}; // for a message to be sent

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

// The workers before this one, as far as they can be reached: the coordinator sees for itself who
// of them is lost, and ends the others.
reached_message reach_earlier(caf::actor_system& system, worker_role& role,
                              caf::actor coordinator) {
  reached_message m{std::move(coordinator), {}};
  for (std::size_t node = 1; node < role.node; ++node) {
    auto peer = dial(system, std::move(role.link_to(node)));
    if (!peer)
      break;
    m.earlier.push_back(std::move(*peer));
  }
  return m;
}

// What a node runs.
struct own_share {
  std::vector<planned_subtask> subtasks;
  std::vector<relayed_table> relayed;
  std::string plan; ///< of all nodes
};

result<own_share> prepare_share(plan& p, const run_options& options, const worker_role& role,
                                const state_keeper& keeper,
                                const std::function<void(std::string)>& tell) {
  const resolved_plan resolved = p.resolve(options.parallelism);
  const auto nodes =
      place(p, resolved, role.nodes, {options.pins, role.on_other_hosts, options.shared});
  if (!nodes)
    return nodes.error();
  const auto here = stages_on(role.node, resolved, *nodes);
  if (auto prepared = prepare(p, options, here); !prepared)
    return prepared.error();
  if (role.on_other_hosts) // otherwise the coordinator has
    for (std::string& note : remove_leftovers(p, resolved, options, here))
      tell(std::move(note));
  static const steady_clock time;
  wired_job wired = wire_up(p, options, time, true);
  if (auto assigned = assign_nodes(p, options, wired, *nodes, role.node); !assigned)
    return assigned.error();
  if (keeper)
    keep_states(wired, keeper, subtask_folders_of(options.checkpoints.folder),
                options.restarts.poison_after);
  own_share own{share_of(role.node, wired, *nodes), std::move(wired.relayed[role.node]),
                plan_text(p, resolved, *nodes)};
  const auto blocking = std::ranges::count_if(own.subtasks, &planned_subtask::own_thread);
  const std::size_t threads = threads_of(static_cast<std::size_t>(blocking), options);
  if (auto enough = check_threads(threads); !enough)
    return enough.error();
  return own;
}

// The coordinator of another host waits to hear it, and the link is free for CAF.
result<void> end_preparing(worker_role& role, const preparation& how) {
  if (!role.preparing)
    return {};
  tls_link link = std::exchange(role.preparing, nullptr)->end();
  if (auto told = link.send(as_bytes(how), within(between_nodes)); !told)
    return told;
  if (!role.links.empty())
    role.link_to(0) = std::move(link);
  return {};
}

} // namespace

worker_role role_of(const worker_invitation& order) {
  worker_role role{order.term, order.node, local_nodes(order.links.size()), {}, false};
  for (const int socket : order.links)
    role.links.emplace_back(owned_socket(socket));
  return role;
}

void give_up(worker_role& role, const error& why) {
  (void)end_preparing(role, {true, why.what, why.hint});
}

result<worker_end> run_worker(graph g, run_options options, worker_role role,
                              const std::function<void(std::string)>& tell) {
  dead_letter_post dead_letters;
  options.dead_letters = &dead_letters;
  const std::string& folder = options.checkpoints.folder;
  posix_files files;
  std::optional<state_thread> states;
  if (!folder.empty())
    states.emplace(files, folder, role.term);
  auto own =
      prepare_share(g.plan(), options, role, states ? states->keeper() : state_keeper{}, tell);
  if (!own) {
    give_up(role, own.error());
    return own.error();
  }
  if (auto told = end_preparing(role, {true, {}, {}}); !told)
    return told.error();

  caf::actor_system_config config;
  caf::actor_system system(add_network(configure(config, options)));
  std::promise<result<worker_end>> ended;
  const auto end = ended.get_future().share();
  const auto reports = std::make_shared<metrics_reports>();
  caf::actor me =
      system.spawn<worker_actor>(worker_share{std::move(own->subtasks),
                                              std::move(own->relayed),
                                              {role.term, role.node, std::move(own->plan)},
                                              role.nodes,
                                              &dead_letters,
                                              reports,
                                              {&files, folder}},
                                 std::move(ended));
  for (std::size_t later = role.node + 1; later <= role.nodes.size(); ++later)
    publish(me, std::move(role.link_to(later)));
  const auto coordinator = dial(system, std::move(role.link_to(0)));
  if (coordinator) {
    reports->meet(*coordinator);
    const std::jthread reporting([&] {
      while (end.wait_for(between_reports) == std::future_status::timeout)
        reports->send(me);
    });
    caf::anon_send(me, reach_earlier(system, role, *coordinator));
  } else {
    caf::anon_send_exit(me, caf::exit_reason::kill);
    end.wait();
  }
  me = nullptr;
  settle(system);
  states.reset(); // it may hold actors, which may not outlive their system
  if (!coordinator)
    return coordinator.error();
  return end.get();
}

} // namespace leat
