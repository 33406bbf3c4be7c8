#include <leat/detail/transport/chain_branch.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"

#include <deque>
#include <functional>
#include <map>

using leat::fanout;
using support::at;
using support::item;

namespace {

// All ports of a fan-out, connected to a consumer that takes its time.
struct slow_consumer {
  support::set_clock clock;
  support::kept_frames wire;
  std::vector<leat::port*> ports;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<item>> got; ///< by port and lane
  std::map<std::pair<std::size_t, std::size_t>, leat::stamp> last;
  std::vector<std::pair<std::pair<std::size_t, std::size_t>, leat::credit>> owed;
  std::size_t seen = 0;
  bool fell = false;

  slow_consumer(fanout& all, const std::vector<std::size_t>& lanes, leat::credit window,
                std::size_t frame, bool stamped = true) {
    all.list_ports(ports);
    REQUIRE(ports.size() == lanes.size());
    for (std::size_t i = 0; i < ports.size(); ++i) {
      leat::edge_settings s;
      s.lanes = lanes[i];
      s.carried = {stamped, stamped};
      s.credit_limit = window;
      s.limits.records = frame;
      ports[i]->connect(wire, i, s, clock);
    }
  }

  void look() {
    for (; seen < wire.all.size(); ++seen) {
      const auto& sent = wire.all[seen];
      const std::pair from{sent.port, sent.lane};
      for (std::size_t i = 0; i < sent.content.size(); ++i) {
        got[from].push_back(sent.content.as<item>()[i]);
        if (!sent.content.records->envelopes.stamped())
          continue;
        const leat::stamp s = sent.content.records->envelopes.stamp_of(i);
        fell = fell || s < last[from];
        last[from] = s;
      }
      if (sent.content.size() > 0)
        owed.emplace_back(from, sent.content.cost());
    }
  }
  // Returns credit for the oldest frame.
  bool give() {
    look();
    if (owed.empty())
      return false;
    const auto [from, c] = owed.front();
    owed.erase(owed.begin());
    ports[from.first]->grant(from.second, c);
    return true;
  }
};

template <class Chain>
void end_in_port(fanout& all, Chain chain, leat::routing by) {
  const auto& type = leat::record_type_of<typename Chain::out>;
  if constexpr (std::is_same_v<Chain, leat::pass<typename Chain::in>>)
    all.add(std::make_unique<leat::direct_branch>(type, by, 0));
  else
    all.add(std::make_unique<leat::chain_branch<Chain, leat::edge_end>>(
        std::move(chain), leat::edge_end(type, by, 0)));
}
template <class Chain>
void end_by_key(fanout& all, Chain chain) {
  using end = leat::hashed_end<decltype(support::key_of_item)>;
  all.add(std::make_unique<leat::chain_branch<Chain, end>>(
      std::move(chain), end(leat::record_type_of<item>, support::key_of_item, 0)));
}
template <class Chain>
void fork(fanout& all, Chain chain, fanout to) {
  using out = typename Chain::out;
  all.add(std::make_unique<leat::chain_branch<Chain, leat::fork_end>>(
      std::move(chain), leat::fork_end(leat::record_type_of<out>, std::move(to))));
}

using pass = leat::pass<item>;
const auto odd = [](const item& i) { return i.number % 2 != 0; };
const auto negated = [](const item& i) { return item{i.key, i.number, -i.number}; };
const auto repeated = [](const item& i) {
  return std::views::iota(std::int64_t{0}, i.number % 40) |
         std::views::transform([&i](std::int64_t n) {
           return item{i.key, i.number, n};
         });
};
using odd_step = leat::filter_step<pass, decltype(odd)>;
using negated_step = leat::map_step<pass, decltype(negated)>;
using repeated_step = leat::flat_map_step<pass, decltype(repeated)>;

// 0: all, 1: odd by key, 2: expanded and negated, 3: expanded by key, 4: expanded, odd, in turn,
// 5: expanded, to everybody, 6: all, to everybody
fanout tree() {
  fanout all, expanded;
  end_in_port(all, pass{}, leat::routing::forward);
  end_by_key(all, odd_step{{}, odd});
  end_in_port(expanded, negated_step{{}, negated}, leat::routing::forward);
  end_by_key(expanded, pass{});
  end_in_port(expanded, odd_step{{}, odd}, leat::routing::rebalance);
  end_in_port(expanded, pass{}, leat::routing::broadcast);
  fork(all, repeated_step{{}, repeated}, std::move(expanded));
  end_in_port(all, pass{}, leat::routing::broadcast);
  return all;
}

std::vector<std::vector<item>> naive_tree(const std::vector<item>& records) {
  std::vector<std::vector<item>> wanted(7);
  for (const item& i : records) {
    wanted[0].push_back(i);
    if (odd(i))
      wanted[1].push_back(i);
    wanted[6].push_back(i);
    for (const item& e : repeated(i)) {
      wanted[2].push_back(negated(e));
      wanted[3].push_back(e);
      wanted[5].push_back(e);
      if (odd(e))
        wanted[4].push_back(e);
    }
  }
  return wanted;
}

} // namespace

TEST_CASE("a tree of branches under random credit loses and reorders nothing") {
  support::for_seeds(200, [](support::dice roll) {
    const auto records = support::numbered(roll(0, 200), 11);
    const std::vector<std::size_t> lanes{1, 3, 1, roll.size(1, 4), 2, roll.size(1, 4), 3};
    fanout all = tree();
    slow_consumer consumer(all, lanes, {roll(1, 4), roll(1, 40), 1'000'000}, roll.size(1, 20));
    const auto go_on_at_random = [&] {
      while (all.blocked()) {
        if (roll(0, 3) != 0)
          consumer.give();
        all.resume();
      }
    };
    for (std::size_t begin = 0; begin < records.size();) {
      const auto end = std::min(records.size(), begin + roll.size(1, 50));
      std::vector<item> some(records.begin() + static_cast<std::ptrdiff_t>(begin),
                             records.begin() + static_cast<std::ptrdiff_t>(end));
      std::vector<leat::stamp> stamps;
      for (const item& i : some)
        stamps.push_back(at(i.number));
      leat::frame f = support::frame_of(some, stamps);
      const auto shared = roll.coin() ? f.records : nullptr; // no sole owner then
      all.accept(f);
      f = {};
      go_on_at_random();
      if (roll.coin()) // lanes without credit keep theirs
        consumer.ports[roll.size(0, lanes.size())]->flush();
      begin = end;
    }
    for (leat::port* p : consumer.ports)
      p->flush();
    while (consumer.give() || all.blocked())
      if (all.blocked())
        all.resume();
    for (leat::port* p : consumer.ports)
      p->send_event(nullptr, true);
    consumer.look();

    REQUIRE(!consumer.fell);
    const auto wanted = naive_tree(records);
    for (std::size_t port = 0; port < wanted.size(); ++port) {
      std::vector<item> together;
      for (std::size_t lane = 0; lane < lanes[port]; ++lane) {
        const auto& part = consumer.got[{port, lane}];
        if (port >= 5) {
          REQUIRE(part == wanted[port]);
          continue;
        }
        if (port == 1 || port == 3)
          for (const item& i : part)
            REQUIRE(leat::subtask_of(leat::key_group_of(leat::key_hash(i.key)), lanes[port]) ==
                    lane);
        together.insert(together.end(), part.begin(), part.end());
      }
      if (port >= 5)
        continue;
      auto sorted = wanted[port];
      if (lanes[port] > 1) {
        std::sort(sorted.begin(), sorted.end());
        std::sort(together.begin(), together.end());
      }
      REQUIRE(together == sorted);
    }
  });
}

TEST_CASE("a numbered branch extends the path of stamps, whatever its chain") {
  const auto stamps_of = [](auto chain, std::optional<std::uint32_t> number, bool stamped) {
    using chain_type = decltype(chain);
    const auto& type = leat::record_type_of<item>;
    fanout all;
    if constexpr (std::is_same_v<chain_type, pass>)
      all.add(std::make_unique<leat::direct_branch>(type, leat::routing::forward, 0, number));
    else
      all.add(std::make_unique<leat::chain_branch<chain_type, leat::edge_end>>(
          std::move(chain), leat::edge_end(type, leat::routing::forward, 0), number));
    slow_consumer consumer(all, {1}, {100, 1000, 1'000'000}, 100, stamped);
    leat::frame f = support::frame_of<item>({{0, 2, 0}, {0, 3, 0}}, {at(2), at(3)});
    all.accept(f);
    consumer.ports[0]->flush();
    std::vector<leat::stamp> stamps;
    for (const auto& sent : consumer.wire.all)
      for (std::size_t i = 0; stamped && i < sent.content.size(); ++i)
        stamps.push_back(sent.content.records->envelopes.stamp_of(i));
    return stamps;
  };
  const auto by = [](const leat::stamp& s, std::initializer_list<std::uint64_t> children) {
    leat::stamp child = s;
    for (const std::uint64_t n : children)
      child.path = child.path.child(n);
    return child;
  };
  using list = std::vector<leat::stamp>;
  CHECK(stamps_of(pass{}, {}, true) == list{at(2), at(3)});
  CHECK(stamps_of(pass{}, 5, true) == list{by(at(2), {5}), by(at(3), {5})});
  CHECK(stamps_of(pass{}, 5, false).empty());
  CHECK(stamps_of(negated_step{{}, negated}, 1, true) == list{by(at(2), {1}), by(at(3), {1})});
  CHECK(stamps_of(odd_step{{}, odd}, 0, true) == list{by(at(3), {0})});
  CHECK(stamps_of(repeated_step{{}, repeated}, 2, true) ==
        list{by(at(2), {2, 0}), by(at(2), {2, 1}), by(at(3), {2, 0}), by(at(3), {2, 1}),
             by(at(3), {2, 2})});
}

TEST_CASE("what a fork gathered while it was blocked is handed on, whoever unblocks it") {
  // 1024 records are gathered, handed on and block; what stands behind them may not be forgotten.
  for (const std::int64_t length : {1022, 1023, 1024, 1025, 1026, 2048, 2049}) {
    INFO(length);
    const auto many = [length](const item& i) {
      return std::views::iota(std::int64_t{0}, length) |
             std::views::transform([&i](std::int64_t n) {
               return item{i.key, i.number, n};
             });
    };
    fanout inner, all;
    end_in_port(inner, pass{}, leat::routing::forward);
    fork(all, leat::flat_map_step<pass, decltype(many)>{{}, many}, std::move(inner));
    slow_consumer consumer(all, {1}, {1, 1, 1}, 256);
    leat::frame f = support::frame_of<item>({{0, 1}, {0, 2}, {0, 3}}, {at(1), at(2), at(3)});
    all.accept(f);
    for (int impatience = 0; all.blocked(); ++impatience) {
      for (int i = 0; i < impatience % 4; ++i)
        all.resume();    // nothing has changed
      consumer.give();   // a grant alone may unblock the port ...
      if (all.blocked()) // ... and only then is anybody told to go on
        all.resume();
      REQUIRE(impatience < 100'000);
    }
    for (leat::port* p : consumer.ports)
      p->send_event(nullptr, true);
    consumer.look();
    CHECK(consumer.got[{0, 0}].size() == static_cast<std::size_t>(3 * length));
    CHECK_FALSE(consumer.fell);
  }
}

TEST_CASE("a blocked branch makes no records, however often it is asked to go on") {
  int made = 0;
  const auto endless = [&made](const item& i) {
    return std::views::iota(0, 1'000'000) |
           std::views::transform([&made, &i](int) { return ++made, i; });
  };
  fanout all;
  end_in_port(all, leat::flat_map_step<pass, decltype(endless)>{{}, endless},
              leat::routing::forward);
  slow_consumer consumer(all, {1}, {1, 1, 1}, 8);
  leat::frame f = support::frame_of<item>({{0, 1}, {0, 2}});
  all.accept(f);
  REQUIRE(all.blocked());
  const int before = made;
  CHECK(before <= 17); // one frame sent, one waiting
  for (int i = 0; i < 1000; ++i)
    all.resume();
  CHECK(made == before);
}

TEST_CASE("steps that keep the type work in place, and fields that own memory survive it") {
  using support::text_item;
  const auto text = [](std::int64_t n) {
    return "a text that is kept on the heap: " + std::to_string(n);
  };
  const auto third = [](const text_item& i) { return i.number % 3 == 0; };
  const auto louder = [](const text_item& i) { return text_item{i.number, i.text + "!"}; };
  using thirds = leat::filter_step<leat::pass<text_item>, decltype(third)>;
  using loud = leat::map_step<thirds, decltype(louder)>;

  for (const bool filtered_only : {true, false})
    for (const std::int64_t step : {1, 3}) {
      fanout all;
      if (filtered_only)
        end_in_port(all, thirds{{}, third}, leat::routing::forward);
      else
        end_in_port(all, loud{{{}, third}, louder}, leat::routing::forward);
      support::set_clock clock;
      support::kept_frames wire;
      std::vector<leat::port*> ports;
      all.list_ports(ports);
      leat::edge_settings s;
      s.credit_limit = {100, 100'000, 100'000'000};
      ports[0]->connect(wire, 0, s, clock);

      std::vector<text_item> records, wanted;
      for (std::int64_t n = 0; n < 200; n += step) {
        records.push_back({n, n % 2 == 0 ? text(n) : "short"});
        if (third(records.back()))
          wanted.push_back(filtered_only ? records.back() : louder(records.back()));
      }
      leat::frame f = support::frame_of(records);
      REQUIRE(f.sole_owner());
      all.accept(f);
      ports[0]->flush();
      std::vector<text_item> got;
      for (const auto& sent : wire.all)
        for (const auto& r : support::as_list<text_item>(sent.content))
          got.push_back(r);
      CHECK(got == wanted);
    }
}

TEST_CASE("what several branches share is not changed by one of them") {
  fanout all;
  end_in_port(all, negated_step{{}, negated}, leat::routing::forward);
  end_in_port(all, pass{}, leat::routing::forward);
  end_in_port(all, odd_step{{}, odd}, leat::routing::forward);
  slow_consumer consumer(all, {1, 1, 1}, {100, 100, 100'000}, 4, false);
  leat::frame f = support::frame_of<item>({{0, 1, 0}, {0, 2, 0}, {0, 3, 0}});
  all.accept(f);
  for (leat::port* p : consumer.ports)
    p->flush();
  consumer.look();
  CHECK(consumer.got[{0, 0}] == std::vector<item>{{0, 1, -1}, {0, 2, -2}, {0, 3, -3}});
  CHECK(consumer.got[{1, 0}] == std::vector<item>{{0, 1, 0}, {0, 2, 0}, {0, 3, 0}});
  CHECK(consumer.got[{2, 0}] == std::vector<item>{{0, 1, 0}, {0, 3, 0}});
}

TEST_CASE("ingest times go with their records through all steps") {
  const auto tenth = [](std::int64_t n) { return n / 10; };
  const auto unknown_at_first = [](std::int64_t n) { return n < 10 ? 0 : 1000; };
  for (const auto& ingested :
       std::vector<std::function<leat::clock_time(std::int64_t)>>{tenth, unknown_at_first}) {
    fanout all;
    end_in_port(all, odd_step{{}, odd}, leat::routing::forward);
    slow_consumer consumer(all, {1}, {100, 100'000, 100'000'000}, 1000, false);
    auto rows = leat::make_rows(leat::record_type_of<item>);
    for (std::int64_t n = 0; n < 100; ++n)
      rows->add<item>(item{0, n, 0}, leat::envelope{.ingested = ingested(n)}, {});
    leat::frame f;
    f.records = std::move(rows);
    all.accept(f);
    consumer.ports[0]->flush();
    REQUIRE(consumer.wire.all.size() == 1);
    const auto& sent = consumer.wire.all[0].content;
    REQUIRE(sent.size() == 50);
    leat::envelope_cursor envelopes(sent.records->envelopes, {});
    for (std::size_t i = 0; i < 50; ++i)
      CHECK(envelopes.at(i).ingested == ingested(sent.as<item>()[i].number));
  }
}
