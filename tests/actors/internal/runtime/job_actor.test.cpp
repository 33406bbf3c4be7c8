#include <leat/internal/runtime/job_actor.hpp>

#include "support/catch.hpp"

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

} // namespace

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
  self->monitor(far);
  std::atomic<bool> asked = false;
  std::promise<leat::job_outcome> ended;
  auto end = ended.get_future();
  const auto job = system.spawn<leat::job_actor>(
      leat::attempt_id{3, 7}, std::move(plan), std::vector<leat::worker_agent>{}, nullptr,
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
}
