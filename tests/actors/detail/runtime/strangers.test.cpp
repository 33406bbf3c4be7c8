#include <leat/detail/runtime/strangers.hpp>

#include <leat/composition.hpp>
#include <leat/internal/cluster/worker_actor.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

using support::item;
using support::numbered;

namespace {

constexpr int records = 20'000;

std::string stop() {
  std::string bytes;
  leat::encode_barrier({1, {{{}, leat::stop_verb, {}}}}, bytes);
  return bytes;
}

// A sink that keeps to the protocol. Before that it lets a stranger speak to its job.
caf::behavior sink_with_a_friend(caf::event_based_actor* self,
                                 std::function<void(const caf::actor&)> friend_of_job,
                                 std::size_t* got) {
  auto wiring = std::make_shared<leat::wire_message>();
  return {
      [=](const leat::promise_message& m) {
        const auto& producer = wiring->channels[m.channel];
        self->send(producer.from, leat::heard_message{producer.port, producer.lane});
      },
      [=](const leat::wire_message& m) {
        *wiring = m;
        friend_of_job(m.job);
        self->send(m.job, leat::ready_message{m.number});
      },
      [=](const leat::deliver_message& m) {
        *got += m.content.size();
        const auto& producer = wiring->channels[m.channel];
        if (m.content.paid != leat::credit{})
          self->send(producer.from,
                     leat::grant_message{producer.port, producer.lane, m.content.paid});
        if (!m.content.last)
          return;
        self->send(wiring->job, leat::done_message{wiring->number, {}});
        *wiring = {};
        self->quit();
      },
  };
}

caf::actor as_actor(const caf::scoped_actor& a) { return caf::actor_cast<caf::actor>(a.ptr()); }

} // namespace

TEST_CASE("a subtask hears nobody whom it was not wired to") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor stranger{system};
  std::vector<item> got;
  const auto source = leat::spawn_source(system, "items", support::given<item>{numbered(records)});
  const auto sink = leat::spawn_sink<item>(system, "out", support::keep<item>{&got});
  // They wait until both are wired, and are the first that comes after.
  for (const auto& each : {source.actor, sink.actor}) {
    stranger->send(each, leat::deliver_message{0, support::frame_of(numbered(100))});
    stranger->send(each, leat::encoded_message{0, 0, "nonsense"});
    stranger->send(each, leat::grant_message{0, 0, {1, 1, 1}});
    stranger->send(each, leat::grant_message{7, 7, {1, 1, 1}});
    stranger->send(each, leat::cancel_message{0, 0});
    stranger->send(each, leat::promise_message{0, leat::end_mark, 0});
    stranger->send(each, leat::heard_message{0, 0});
    stranger->send(each, leat::barrier_message{stop()});
    stranger->send(each, leat::barrier_message{"nonsense"});
    stranger->send(each, leat::start_message{});
    stranger->send(each, leat::commit_message{});
    stranger->send(each, leat::prepare_message{{{}, leat::stop_verb, {}}});
    stranger->send(each, leat::withdraw_message{});
    caf::anon_send(each, leat::cancel_message{0, 0});
  }
  leat::composition all;
  all.connect(source, sink);
  const auto ended = all.run(system);
  REQUIRE(static_cast<bool>(ended));
  CHECK(got == numbered(records));
}

TEST_CASE("a job hears nobody but its subtasks") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor stranger{system};
  std::size_t got = 0;
  const auto source = leat::spawn_source(system, "items", support::given<item>{numbered(records)});
  const std::function<void(const caf::actor&)> lie = [&](const caf::actor& job) {
    for (const std::size_t subtask : {0, 1, 7}) {
      caf::send_as(as_actor(stranger), job, leat::ready_message{subtask});
      caf::send_as(as_actor(stranger), job, leat::prepared_message{subtask, "nonsense"});
      caf::send_as(as_actor(stranger), job, leat::done_message{subtask, "nonsense"});
      caf::send_as(as_actor(stranger), job,
                   leat::fault_message{subtask, leat::user_error("a lie")});
      caf::send_as(as_actor(stranger), job, leat::prepare_answer_message{subtask});
    }
    caf::send_as(as_actor(stranger), job, leat::metrics_message{{{0, "nonsense"}}});
  };
  const leat::lone_stage<item, leat::nothing> sink{"out",
                                                   system.spawn(sink_with_a_friend, lie, &got)};
  leat::composition all;
  all.connect(source, sink);
  const auto ended = all.run(system);
  REQUIRE(static_cast<bool>(ended));
  CHECK(got == records);
}

TEST_CASE("a worker obeys its coordinator alone") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor coordinator{system};
  caf::scoped_actor stranger{system};
  leat::dead_letter_post dead_letters;
  std::promise<leat::result<leat::worker_end>> ended;
  auto end = ended.get_future();
  const auto worker =
      system.spawn<leat::worker_actor>(leat::worker_share{{},
                                                          {},
                                                          {1, 1, "graph g"},
                                                          leat::local_nodes(1),
                                                          &dead_letters,
                                                          std::make_shared<leat::metrics_reports>(),
                                                          {}},
                                       std::move(ended));
  caf::anon_send(worker, leat::reached_message{as_actor(coordinator), {}});
  coordinator->receive([](const leat::hello_message& m) { CHECK(m.plan == "graph g"); });
  coordinator->send(worker, leat::observe_message{as_actor(coordinator)});

  stranger->send(worker, leat::greet_message{1});
  stranger->send(worker, leat::greet_message{2});
  stranger->send(worker, leat::spawn_message{});
  stranger->send(worker, leat::observe_message{as_actor(stranger)});
  stranger->send(worker, leat::abandon_message{});
  stranger->send(worker, leat::leave_message{});
  caf::anon_send(worker, leat::leave_message{});

  // It still does what it is told.
  coordinator->send(worker, leat::spawn_message{as_actor(coordinator), {}});
  coordinator->receive([](const leat::spawned_message& m) { CHECK(m.node == 1); },
                       [](const leat::metrics_message&) {});
  bool nothing = false;
  stranger->receive([&](const leat::metrics_message&) {}, [&](const leat::spawned_message&) {},
                    caf::after(std::chrono::seconds{0}) >> [&] { nothing = true; });
  CHECK(nothing);
  dead_letters.put({"reason", "stage", "place", "raw"}); // they were not abandoned
  coordinator->receive([](const leat::letter_message& m) { CHECK(m.letter.raw == "raw"); });
  CHECK(end.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);

  coordinator->send(worker, leat::leave_message{});
  CHECK(static_cast<bool>(end.get()));
  CHECK_THROWS_AS(dead_letters.flush(), leat::failure);
}
