#include <leat/internal/cluster/dead_letter_post.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <rapidcheck.h>
#include <thread>

using namespace leat;
using namespace std::chrono_literals;

namespace {

struct local_system {
  caf::actor_system_config config;
  caf::actor_system system{config};
};

caf::actor as_actor(const caf::scoped_actor& a) { return caf::actor_cast<caf::actor>(a.ptr()); }

dead_letter letter(std::string stage, std::string place, std::size_t size) {
  return {"reason", std::move(stage), std::move(place), std::string(size, 'x')};
}

/// A desk that is under the control of a test, and a post that sends to it.
struct desk_by_hand : local_system {
  desk_by_hand() { post.begin(system, as_actor(self)); }
  ~desk_by_hand() { post.end(); }

  dead_letter next() {
    dead_letter got;
    self->receive([&](const letter_message& m) {
      got = m.letter;
      from = caf::actor_cast<caf::actor>(self->current_sender());
    });
    return got;
  }
  void answer(letter_answer_message m = {}) { self->send(from, std::move(m)); }

  caf::scoped_actor self{system};
  caf::actor from;
  dead_letter_post post;
};

std::string what(const std::function<void()>& call) {
  try {
    call();
  } catch (const failure& e) {
    return e.error().what;
  }
  return {};
}

} // namespace

TEST_CASE("all letters come once and in order, and few wait for an answer at a time") {
  const bool good = rc::check([] {
    const auto sizes = *rc::gen::container<std::vector<std::vector<std::size_t>>>(
        *rc::gen::inRange(1, 5),
        rc::gen::container<std::vector<std::size_t>>(rc::gen::weightedOneOf<std::size_t>(
            {{6, rc::gen::inRange<std::size_t>(0, 1000)},
             {3, rc::gen::inRange<std::size_t>(1000, dead_letter_post::most_unanswered)},
             {1, rc::gen::just(2 * dead_letter_post::most_unanswered)}})));
    const auto patience = *rc::gen::inRange(1, 20);
    desk_by_hand desk;
    std::size_t total = 0;
    std::atomic<std::size_t> answered{0};
    std::atomic<bool> flushed_early{false};
    std::vector<std::thread> writers;
    for (std::size_t w = 0; w < sizes.size(); ++w) {
      total += sizes[w].size();
      writers.emplace_back([&, w] {
        for (std::size_t i = 0; i < sizes[w].size(); ++i)
          desk.post.put(letter(std::to_string(w), std::to_string(i), sizes[w][i]));
        desk.post.flush();
        if (answered < sizes[w].size())
          flushed_early = true;
      });
    }
    std::map<std::string, std::size_t> next_of; // by writer
    std::deque<std::size_t> waiting;
    std::size_t waiting_bytes = 0;
    const auto answer = [&] {
      if (waiting.empty())
        return;
      waiting_bytes -= waiting.front();
      waiting.pop_front();
      ++answered;
      desk.answer();
    };
    bool in_order = true, few = true;
    for (std::size_t received = 0; received < total;) {
      desk.self->receive(
          [&](const letter_message& m) {
            ++received;
            desk.from = caf::actor_cast<caf::actor>(desk.self->current_sender());
            in_order = in_order && m.letter.place == std::to_string(next_of[m.letter.stage]++);
            waiting.push_back(m.letter.raw.size());
            waiting_bytes += m.letter.raw.size();
            few =
                few && (waiting.size() == 1 || waiting_bytes <= dead_letter_post::most_unanswered);
            if (received % static_cast<std::size_t>(patience) == 0)
              answer();
          },
          caf::after(200us) >> answer); // the writers wait
    }
    while (!waiting.empty())
      answer();
    for (std::thread& w : writers)
      w.join();
    RC_ASSERT(in_order);
    RC_ASSERT(few);
    RC_ASSERT(!flushed_early);
    RC_ASSERT(desk.post.count() == total);
  });
  CHECK(good);
}

TEST_CASE("a letter that is not kept fails all who put or flush after it") {
  desk_by_hand desk;
  desk.post.put(letter("a", "1", 10));
  (void)desk.next();
  desk.answer({false, external_error("no space left")});
  CHECK(what([&] { desk.post.flush(); }) == "no space left");
  CHECK(what([&] { desk.post.put(letter("a", "2", 10)); }) == "no space left");
  CHECK(desk.post.count() == 0);
}

TEST_CASE("an abandoned post lets go who waits, and sends what fits") {
  desk_by_hand desk;
  desk.post.put(letter("a", "1", 2 * dead_letter_post::most_unanswered));
  (void)desk.next();
  auto putting = std::async(std::launch::async,
                            [&] { return what([&] { desk.post.put(letter("a", "2", 10)); }); });
  auto flushing = std::async(std::launch::async, [&] { return what([&] { desk.post.flush(); }); });
  desk.post.abandon();
  CHECK(putting.get() == "dead letters wait for the coordinator, and the job ends");
  CHECK(flushing.get() == "dead letters wait for the coordinator, and the job ends");
  desk.answer();
  while (desk.post.count() == 0)
    std::this_thread::yield();
  desk.post.flush();
  desk.post.put(letter("a", "3", 10));
  CHECK(desk.next().place == "3");
}

TEST_CASE("answers count from the desk alone") {
  desk_by_hand desk;
  desk.post.put(letter("a", "1", 10));
  (void)desk.next();
  caf::scoped_actor stranger{desk.system};
  stranger->send(desk.from, letter_answer_message{});
  caf::anon_send(desk.from, letter_answer_message{});
  desk.self->send(desk.from, std::string("nothing that it knows"));
  CHECK(desk.post.count() == 0);
  desk.answer(); // taken by the thread that sends it
  CHECK(desk.post.count() == 1);
  desk.answer(); // of no letter
  CHECK(desk.post.count() == 1);
}

TEST_CASE("a post that has not begun, or has ended, refuses letters") {
  dead_letter_post idle;
  idle.flush();
  CHECK_THROWS_AS(idle.put(letter("a", "1", 10)), failure);
  desk_by_hand desk;
  desk.post.end();
  CHECK_THROWS_AS(desk.post.put(letter("a", "1", 10)), failure);
}
