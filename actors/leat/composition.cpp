#include <leat/composition.hpp>

#include <leat/detail/transport/chain_branch.hpp>
#include <leat/internal/runtime/job_actor.hpp>
#include <leat/internal/runtime/system.hpp>
#include <leat/internal/runtime/wiring.hpp>

#include <fmt/format.h>
#include <future>

namespace leat {

namespace {

const steady_clock time_of_day;

// What a graph knows before it spawns, such an actor learns from its neighbours.
void complete(subtask_blueprint& b, const wire_message& m) {
  auto& s = b.settings;
  s.services.stage_number = static_cast<std::uint32_t>(m.number);
  s.channels.assign(m.channels.size(), std::make_shared<const input_edge>());
  s.ordered = s.channels.size() > 1;
  for (const auto& lanes : m.ports)
    s.ports.push_back({lanes.size(), all_columns, s.credit_limit, s.services.limits});
  b.metrics = std::make_shared<subtask_metrics>(s.ports.size());
}

} // namespace

fanout detail::to_consumers(const record_type& type, std::size_t consumers) {
  fanout all;
  for (std::size_t i = 0; i < consumers; ++i)
    all.add(std::make_unique<direct_branch>(type, routing::forward, i));
  return all;
}

subtask_blueprint detail::lone_blueprint(std::string name,
                                         std::function<std::shared_ptr<stage>(std::size_t)> make) {
  const run_options as_usual;
  subtask_blueprint b;
  b.complete = [make = std::move(make)](subtask_blueprint& self, const wire_message& m) {
    complete(self, m);
    self.logic = make(m.ports.size());
    if (self.logic->ports().size() != m.ports.size())
      throw failure(user_error("it has outputs that are not connected"));
  };
  b.settings.credit_limit = as_usual.credit_limit;
  b.settings.services.stage = std::move(name);
  b.settings.services.time = &time_of_day;
  b.settings.services.dead_letters = &no_dead_letters();
  b.settings.services.limits = as_usual.frames;
  b.settings.services.keep_order = true;
  return b;
}

caf::actor detail::spawn_lone(caf::actor_system& system, subtask_blueprint blueprint,
                              bool own_thread) {
  if (own_thread)
    return system.spawn<subtask_actor, caf::detached>(std::move(blueprint));
  return system.spawn<subtask_actor>(std::move(blueprint));
}

std::size_t composition::index_of(member m) {
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (members_[i].actor == m.actor)
      return i;
  members_.push_back(std::move(m));
  return members_.size() - 1;
}

void composition::connect(std::size_t from, std::size_t to) {
  const std::size_t port = members_[from].consumers.size();
  members_[from].consumers.emplace_back(to, members_[to].producers.size());
  members_[to].producers.emplace_back(from, port);
}

// What is left when all who wait for nobody are taken away, again and again.
bool composition::has_cycle() const {
  std::vector<std::size_t> waits_for;
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    waits_for.push_back(members_[i].producers.size());
    if (waits_for[i] == 0)
      free.push_back(i);
  }
  std::size_t taken = 0;
  for (; taken < free.size(); ++taken)
    for (const auto& [consumer, channel] : members_[free[taken]].consumers)
      if (--waits_for[consumer] == 0)
        free.push_back(consumer);
  return taken < members_.size();
}

result<void> composition::run(caf::actor_system& system) {
  if (members_.empty())
    return user_error("nothing is connected", "connect(from, to) before run()");
  for (const member& m : members_) {
    if (!m.is_source && m.producers.empty())
      return user_error(fmt::format("stage \"{}\" has no input", m.name));
    if (!m.is_sink && m.consumers.empty())
      return user_error(fmt::format("stage \"{}\" leads nowhere", m.name));
  }
  for (const member& m : members_)
    if (caf::actor_cast<caf::strong_actor_ptr>(m.actor)->home_system != &system)
      return user_error(fmt::format("stage \"{}\" lives in another actor system", m.name));
  if (has_cycle())
    return user_error("stages feed each other in a circle", "none of them would ever end");
  std::vector<planned_subtask> plan;
  for (const member& m : members_) {
    planned_subtask p;
    p.stage = m.name;
    p.is_source = m.is_source;
    p.elsewhere = m.actor;
    for (const auto& consumer : m.consumers)
      p.ports.push_back({consumer});
    for (const auto& [producer, port] : m.producers)
      p.channels.emplace_back(producer, port, 0);
    plan.push_back(std::move(p));
  }
  members_.clear();
  std::promise<job_outcome> ended;
  // Held until the end: the job of actors that forget it must not end unnoticed.
  const auto job = system.spawn<job_actor, caf::detached>(
      attempt_id{}, std::move(plan), std::vector<worker_agent>{}, nullptr, nullptr,
      [&ended](job_outcome how) { ended.set_value(std::move(how)); });
  if (const auto how = ended.get_future().get(); how.fault)
    return *how.fault;
  return {};
}

} // namespace leat
