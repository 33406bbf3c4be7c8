#include <leat/internal/cluster/dead_letter_desk.hpp>

#include <leat/internal/cluster/dead_letter_post.hpp>
#include <leat/internal/cluster/network.hpp>

#include "support/catch.hpp"
#include "support/letters.hpp"

#include <atomic>
#include <future>
#include <map>
#include <sys/socket.h>
#include <thread>

using namespace leat;

namespace {

/// An actor system with a network.
struct node_system {
  caf::actor_system_config config;
  caf::actor_system system{add_network(config)};
};

dead_letter letter(std::string stage, std::string place, std::size_t size = 10) {
  return {"reason", std::move(stage), std::move(place), std::string(size, 'x')};
}

/// A worker in this process, and the coordinator's handle of it.
struct worker_node : node_system {
  explicit worker_node(caf::actor_system& coordinator) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    publish(caf::actor_cast<caf::actor>(me->ptr()), owned_socket(ends[0]));
    auto found = dial(coordinator, owned_socket(ends[1]));
    REQUIRE(found);
    agent = std::move(*found);
  }
  /// Gets the desk's address as a worker does.
  void begin(caf::scoped_actor& coordinator, const caf::actor& desk) {
    coordinator->send(agent, spawn_message{desk, {}});
    (*me)->receive([&](const spawn_message& m) { post.begin(system, m.dead_letters); });
  }
  void end() {
    post.end();
    me.reset();
    agent = nullptr;
    settle(system);
  }

  std::optional<caf::scoped_actor> me{std::in_place, system};
  caf::actor agent;
  dead_letter_post post;
};

/// Has no room, once so many letters were kept, until it is abandoned.
class full_sink final : public dead_letter_sink {
public:
  explicit full_sink(std::uint64_t room) : room_(room) {}
  void put(dead_letter) override {
    std::unique_lock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return kept_ < room_ || abandoned_; });
    if (kept_ == room_)
      throw failure(user_error("full"));
    ++kept_;
  }
  std::uint64_t count() const override { return kept_; }
  void abandon() override {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }
  void wait_for(std::uint64_t asked) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_ >= asked; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::uint64_t room_;
  std::uint64_t asked_ = 0;
  std::atomic<std::uint64_t> kept_{0};
  bool abandoned_ = false;
};

/// A desk and a post in one actor system.
struct desk_and_post {
  explicit desk_and_post(dead_letter_sink& to) {
    {
      const caf::scoped_actor somebody{system};
      desk = std::make_unique<dead_letter_desk>(
          system, to,
          std::vector<worker_agent>{{caf::actor_cast<caf::actor>(somebody.ptr()), "edge-1"}});
    }
    post.begin(system, desk->address());
  }
  ~desk_and_post() { post.end(); }

  caf::actor_system_config config;
  caf::actor_system system{config};
  std::unique_ptr<dead_letter_desk> desk;
  dead_letter_post post;
};

} // namespace

TEST_CASE("letters of all workers are kept, each once, in order and under the worker's name") {
  constexpr std::size_t workers = 3, writers = 2, letters = 600;
  node_system coordinator;
  support::kept_letters kept;
  {
    std::deque<worker_node> nodes;
    std::vector<worker_agent> agents;
    for (std::size_t w = 0; w < workers; ++w)
      agents.push_back({nodes.emplace_back(coordinator.system).agent, "edge-" + std::to_string(w)});
    dead_letter_desk desk(coordinator.system, kept, agents);
    agents.clear();
    {
      caf::scoped_actor self{coordinator.system};
      for (worker_node& n : nodes)
        n.begin(self, desk.address());
    }
    std::vector<std::thread> threads;
    for (worker_node& n : nodes)
      for (std::size_t t = 0; t < writers; ++t)
        threads.emplace_back([&n, t] {
          for (std::size_t i = 0; i < letters; ++i)
            n.post.put(letter(std::to_string(t), std::to_string(i), i % 500));
          n.post.flush();
        });
    for (std::thread& t : threads)
      t.join();
    CHECK(kept.count() == workers * writers * letters); // before anything ends
    for (worker_node& n : nodes) {
      CHECK(n.post.count() == writers * letters);
      n.end();
    }
  }
  settle(coordinator.system);
  std::map<std::pair<std::string, std::string>, std::size_t> next;
  for (const dead_letter& l : kept.letters) {
    std::size_t& expected = next[{l.node, l.stage}];
    REQUIRE(l.place == std::to_string(expected));
    REQUIRE(l.raw.size() == expected % 500);
    ++expected;
  }
  CHECK(next.size() == workers * writers);
  CHECK(next.begin()->first.first == "edge-0");
}

TEST_CASE("a worker waits while the sink has no room, and is let go when that is abandoned") {
  full_sink full(3);
  desk_and_post both(full);
  auto writing = std::async(std::launch::async, [&]() -> std::string {
    try {
      for (;;) // more than may wait for an answer
        both.post.put(letter("a", "1", 1000));
    } catch (const failure& e) {
      return e.error().what;
    }
  });
  full.wait_for(4);
  full.abandon();
  CHECK(writing.get() == "full");
  both.desk.reset();
  CHECK(full.count() == 3);
}

TEST_CASE("a desk that ends has put all that has come") {
  support::kept_letters kept;
  desk_and_post both(kept);
  for (int i = 0; i < 100; ++i)
    both.post.put(letter("a", std::to_string(i)));
  both.desk.reset();
  CHECK(kept.count() == 100);
  CHECK(both.post.count() == 100);
}

TEST_CASE("what a sink throws is the answer") {
  struct broken final : dead_letter_sink {
    void put(dead_letter) override { throw std::runtime_error("no disk"); }
    std::uint64_t count() const override { return 0; }
  } sink;
  desk_and_post both(sink);
  both.post.put(letter("a", "1"));
  CHECK_THROWS_AS(both.post.flush(), failure);
}

TEST_CASE("a desk takes nothing from who is no worker of its job") {
  support::kept_letters kept;
  node_system coordinator;
  {
    dead_letter_desk desk(coordinator.system, kept, {});
    caf::scoped_actor stranger{coordinator.system};
    stranger->send(desk.address(), letter_message{letter("a", "1")});
    caf::anon_send(desk.address(), letter_message{letter("a", "1")});
  }
  CHECK(kept.count() == 0);
}
