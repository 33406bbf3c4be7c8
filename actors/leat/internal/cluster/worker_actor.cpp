#include <leat/internal/cluster/worker_actor.hpp>

#include <algorithm>

namespace leat {

worker_actor::worker_actor(caf::actor_config& config, worker_share share,
                           std::promise<result<worker_end>> end)
    : caf::event_based_actor(config), share_(std::move(share)), end_(std::move(end)),
      missing_(share_.workers.size() - 1) {
  for (const node_description& w : share_.workers)
    peers_.push_back({nullptr, w.name});
  set_down_handler([this](const caf::down_msg& m) {
    if (coordinator_ && m.source == coordinator_)
      end_with(external_error("the coordinator is gone"));
    else if (m.reason == caf::exit_reason::remote_link_unreachable)
      lost_peer(m.source);
  });
}

caf::behavior worker_actor::make_behavior() {
  const auto from_coordinator = [this](auto body) {
    if (is_from(*this, coordinator_))
      body();
    else
      strangers_.ignore("worker");
  };
  return {
      [this](const reached_message& m) { reached(m); },
      [this](const greet_message& m) { greeted(m); },
      [=, this](const spawn_message& m) {
        from_coordinator([&] {
          if (auto restored = restore_from(m); !restored)
            return end_with(restored.error());
          send(coordinator_, spawn_all(m.dead_letters));
        });
      },
      [=, this](const observe_message& m) {
        from_coordinator([&] {
          job_ = m.job;
          share_.reports->begin(job_, std::exchange(metrics_, {}));
        });
      },
      [=, this](const leave_message& m) {
        from_coordinator(
            [&] { end_with(m.again ? worker_end::another_attempt : worker_end::over); });
      },
      [this](const abandon_message&) {
        if (is_of_coordinator())
          abandon();
        else
          strangers_.ignore("worker");
      },
  };
}

void worker_actor::on_exit() {
  abandon();
  if (!ended_)
    end_.set_value(internal_error("the worker's actor ended unasked"));
  for (const caf::actor& s : subtasks_)
    send_exit(s, caf::exit_reason::kill);
  subtasks_.clear();
  if (relay_)
    send_exit(std::exchange(relay_, nullptr), caf::exit_reason::kill);
  peers_.clear();
  coordinator_ = nullptr;
  job_ = nullptr;
  share_.reports->end();
  share_.dead_letters->end();
}

// A connection serves both ends from the moment when the earlier worker has heard from the later
// one. Before that a frame for a worker might go by way of the coordinator.
void worker_actor::reached(const reached_message& m) {
  coordinator_ = m.coordinator;
  monitor(coordinator_);
  for (std::size_t n = 1; n <= m.earlier.size(); ++n) {
    send(m.earlier[n - 1], greet_message{share_.hello.node});
    meet(n, m.earlier[n - 1]);
  }
  say_hello();
}

void worker_actor::greeted(const greet_message& m) {
  const auto peer = caf::actor_cast<caf::actor>(current_sender());
  const bool later = m.node > share_.hello.node && m.node <= peers_.size();
  if (!peer || !later || peers_[m.node - 1].actor) {
    strangers_.ignore("worker");
    return;
  }
  meet(m.node, peer);
  say_hello();
}

void worker_actor::meet(std::size_t node, const caf::actor& peer) {
  monitor(peer);
  peers_[node - 1].actor = peer;
  --missing_;
}

void worker_actor::say_hello() {
  if (coordinator_ && missing_ == 0)
    send(coordinator_, share_.hello);
}

result<void> worker_actor::restore_from(const spawn_message& m) {
  if (m.restored.empty())
    return {};
  const auto from = decode_checkpoint(m.restored);
  if (!from)
    return from.error();
  restore(*from, m.stamped, *share_.checkpoints.files, share_.subtasks);
  return {};
}

spawned_message worker_actor::spawn_all(const caf::actor& dead_letters) {
  share_.dead_letters->begin(system(), dead_letters);
  relay_ = spawn<progress_relay>(std::move(share_.relayed));
  spawned_message m{share_.hello.node, {}, relay_};
  for (planned_subtask& p : share_.subtasks) {
    p.blueprint.job_failed = failed_;
    subtasks_.push_back(spawn_subtask(*this, p));
    m.subtasks.emplace_back(p.number, subtasks_.back());
    metrics_.emplace_back(p.number, p.metrics);
  }
  share_.subtasks.clear();
  return m;
}

// What it should get from there, or send there, is lost without a trace. Before there is a job the
// coordinator ends the others when it sees that one is lost.
void worker_actor::lost_peer(const caf::actor_addr& peer) {
  if (!job_)
    return;
  const auto lost = std::find_if(peers_.begin(), peers_.end(), [&](const worker_agent& p) {
    return p.actor && p.actor.address() == peer;
  });
  send(job_, fault_message{0, lost_worker(lost->name)});
}

void worker_actor::abandon() {
  *failed_ = true;
  share_.dead_letters->abandon();
}

void worker_actor::end_with(result<worker_end> how) {
  if (!std::exchange(ended_, true))
    end_.set_value(std::move(how));
  quit();
}

// The job may have failed before this worker was told which actor it is.
bool worker_actor::is_of_coordinator() {
  if (job_)
    return is_from(*this, job_);
  return coordinator_ && current_sender() && current_sender()->node() == coordinator_.node();
}

} // namespace leat
