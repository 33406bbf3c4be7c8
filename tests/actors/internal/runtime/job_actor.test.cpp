#include <leat/internal/runtime/job_actor.hpp>

#include "support/catch.hpp"

#include <caf/scheduler/test_coordinator.hpp>
#include <future>

namespace {

// Gone as soon as it is to start: its last words are left to be said.
caf::behavior hasty(caf::event_based_actor* self, std::atomic<std::uint64_t>* term) {
  return {
      [=](const leat::wire_message& m) {
        *term = m.term;
        self->send(m.job, leat::ready_message{m.number});
      },
      [=](const leat::start_message&) { self->quit(); },
  };
}

// Runs until it is told to end.
caf::behavior steady(caf::event_based_actor* self) {
  return {
      [=](const leat::wire_message& m) { self->send(m.job, leat::ready_message{m.number}); },
      [](const leat::start_message&) {},
  };
}

caf::behavior quiet(caf::event_based_actor*) {
  return {[](const leat::abandon_message&) {}};
}

/// A job with a subtask at each of some workers, in simulated time.
struct watched_job {
  explicit watched_job(std::size_t count) : sched(testing_scheduler(system)) {
    std::vector<leat::planned_subtask> plan(count);
    for (std::size_t w = 0; w < plan.size(); ++w) {
      workers.push_back({system.spawn(quiet), "worker-" + std::to_string(w + 1)});
      plan[w].stage = "far";
      plan[w].is_source = true;
      plan[w].node = w + 1;
      plan[w].elsewhere = subtasks.emplace_back(system.spawn(steady));
      plan[w].metrics = std::make_shared<leat::subtask_metrics>(0);
    }
    job = system.spawn<leat::job_actor>(leat::attempt_id{}, std::move(plan), workers, nullptr,
                                        nullptr, [this](leat::job_outcome how) { outcome = how; });
    sched.run();
  }
  ~watched_job() {
    for (const leat::worker_agent& w : workers)
      caf::anon_send_exit(w.actor, caf::exit_reason::kill);
    caf::anon_send(job, leat::abort_message{});
    sched.run();
  }

  static caf::scheduler::test_coordinator& testing_scheduler(caf::actor_system& s) {
    return dynamic_cast<caf::scheduler::test_coordinator&>(s.scheduler());
  }
  static caf::actor_system_config& simulated(caf::actor_system_config& c) {
    c.set("scheduler.policy", caf::atom("testing"));
    return c;
  }
  caf::actor_system_config config;
  caf::actor_system system{simulated(config)};
  caf::scheduler::test_coordinator& sched;
  std::vector<leat::worker_agent> workers;
  std::vector<caf::actor> subtasks;
  caf::actor job;
  std::optional<leat::job_outcome> outcome;
};

} // namespace

TEST_CASE("a worker that has fallen silent is lost, and named") {
  watched_job j(3);
  REQUIRE(!j.outcome);
  caf::anon_send(j.job, leat::silent_message{{2}});
  j.sched.run();
  REQUIRE(j.outcome);
  REQUIRE(j.outcome->fault);
  CHECK(j.outcome->fault->what == leat::lost_worker("worker-3").what);
  CHECK(j.outcome->began);
}

TEST_CASE("a fault of a subtask names the worker that it is on") {
  watched_job j(3);
  caf::send_as(j.subtasks[1], j.job, leat::fault_message{1, leat::external_error("no disk")});
  j.sched.run();
  REQUIRE(j.outcome);
  REQUIRE(j.outcome->fault);
  CHECK(j.outcome->fault->what == "no disk (on node worker-2)");
}

TEST_CASE("the usage of a worker's process is what it has reported last, or a subtask at its end") {
  watched_job j(2);
  const auto usage = [&](std::size_t worker) {
    j.sched.run();
    const leat::process_usage u = j.workers[worker].usage->load();
    return std::pair(u.cpu, u.memory);
  };
  caf::send_as(j.workers[1].actor, j.job, leat::metrics_message{{}, {5, 7}});
  CHECK(usage(1) == std::pair<leat::clock_time, std::uint64_t>(5, 7));
  CHECK(usage(0) == std::pair<leat::clock_time, std::uint64_t>(0, 0));
  caf::send_as(j.subtasks[0], j.job, leat::done_message{0, {}, {1, 2}});
  CHECK(usage(0) == std::pair<leat::clock_time, std::uint64_t>(1, 2));
}

TEST_CASE("a job waits for the last words of a subtask that is elsewhere, and already gone") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  std::atomic<std::uint64_t> term = 0;
  std::vector<leat::planned_subtask> plan(1);
  plan[0].stage = "far";
  plan[0].is_source = true;
  plan[0].node = 1;
  plan[0].elsewhere = system.spawn(hasty, &term);
  plan[0].metrics = std::make_shared<leat::subtask_metrics>(0);
  const caf::actor far = plan[0].elsewhere;
  const caf::actor worker = system.spawn(quiet);
  self->monitor(far);
  std::atomic<bool> asked = false;
  std::promise<leat::job_outcome> ended;
  auto end = ended.get_future();
  const auto job = system.spawn<leat::job_actor>(
      leat::attempt_id{3, 7}, std::move(plan), std::vector<leat::worker_agent>{{worker, "a"}},
      nullptr,
      [&asked]() -> leat::result<void> {
        asked = true;
        return leat::user_error("no record got through");
      },
      [&ended](leat::job_outcome how) { ended.set_value(std::move(how)); });
  self->receive([](const caf::down_msg&) {});
  caf::send_as(far, job, leat::done_message{0, {}});
  const auto how = end.get();
  CHECK(asked);
  REQUIRE(how.fault);
  CHECK(how.fault->what == "no record got through");
  CHECK(how.began);
  CHECK(term == 3);
  CHECK(how.last_epoch == 7);
  caf::anon_send_exit(worker, caf::exit_reason::kill);
}
