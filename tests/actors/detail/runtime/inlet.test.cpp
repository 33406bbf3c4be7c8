#include <leat/detail/runtime/inlet.hpp>

#include "merged_channels.hpp"
#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/flow.hpp"

using namespace merging;
using support::at;
using support::item;
using support::mark_at;

namespace {

constexpr leat::credit window{8, 64, 64 * sizeof(item)};
constexpr leat::credit wide{1000, 100'000, 100'000 * sizeof(item)};

leat::frame records(std::initializer_list<std::int64_t> times, std::int64_t key = 0) {
  std::vector<item> all;
  std::vector<leat::stamp> stamps;
  for (const std::int64_t t : times)
    all.push_back({key, t, 0}), stamps.push_back(at(t));
  return support::frame_of(all, stamps);
}

sending only(const leat::mark& m) { return {std::nullopt, m}; }
sending with(leat::frame f, const leat::mark& m) { return {std::move(f), m}; }
sending with_barrier(sending s, leat::epoch e) {
  s.content->barrier_at = std::make_shared<leat::barrier>(leat::barrier{e, {}});
  return s;
}
sending with_barrier(leat::epoch e) { return with_barrier(sending{leat::frame{}}, e); }
leat::frame ended(leat::frame f) {
  f.last = true;
  return f;
}
leat::frame last(std::int64_t ended_at = 0) {
  leat::frame f = ended({});
  f.ended_at = leat::from_micros(ended_at);
  return f;
}
leat::stamp all_of(const leat::stamp& s) { return leat::with_descendants(s); }

// Counts frames, as producers do.
struct inlet : leat::inlet {
  inlet(std::size_t size, bool in_order, const leat::credit& each)
      : leat::inlet(size, in_order, each), sent(size + 1) {}
  void receive(std::size_t c, sending s) {
    if (s.content) {
      leat::inlet::receive(c, std::move(*s.content));
      ++sent[c];
    }
    if (s.promised)
      promise(c, *s.promised, sent[c]);
  }
  std::vector<std::uint64_t> sent;
};

// Consumes all that may go now, as "key:number ...".
std::string take(inlet& in) {
  std::string all;
  while (const auto piece = in.next())
    for (; *piece->next < piece->end; ++*piece->next) {
      const item& i = piece->from->as<item>()[*piece->next];
      all += std::to_string(i.key) + ':' + std::to_string(i.number) + ' ';
    }
  return all;
}

} // namespace

TEST_CASE("an ordered inlet waits for the channel that may still bring something older") {
  inlet in(2, true, window);
  in.receive(0, records({3, 5}));
  CHECK(take(in).empty());
  in.receive(1, only(mark_at(at(3))));
  CHECK(take(in) == "0:3 ");
  in.receive(1, records({4, 7}, 1));
  CHECK(take(in) == "1:4 0:5 "); // up to what channel 0 has promised by sending 5
  in.receive(0, last(9));
  CHECK(take(in) == "1:7 ");
  CHECK_FALSE(in.ended());
  in.receive(1, last(7));
  CHECK(take(in).empty());
  CHECK(in.ended());
  CHECK(in.reached() == support::mark_at(leat::end_of(leat::from_micros(9))));
  CHECK(in.held() == 0);
}

TEST_CASE("equal stamps go in the order of channels, however frames were cut") {
  for (const bool one_frame : {true, false}) {
    inlet in(3, true, window);
    in.receive(0, records({5}, 0));
    in.receive(1, records({5}, 1));
    if (one_frame) {
      in.receive(2, records({3, 5}, 2));
    } else {
      in.receive(2, records({3}, 2));
      in.receive(2, records({5}, 2));
    }
    for (std::size_t c = 0; c < 3; ++c)
      in.receive(c, last());
    CHECK(take(in) == "2:3 0:5 1:5 2:5 ");
  }
}

TEST_CASE("an idle channel holds nobody up until it sends again") {
  inlet in(2, true, window);
  in.receive(0, records({3}));
  in.receive(1, only(mark_at(at(1), true)));
  CHECK(take(in) == "0:3 ");
  CHECK_FALSE(in.reached().idle);
  in.receive(0, only(mark_at(at(3), true)));
  CHECK(take(in).empty());
  CHECK(in.reached() == mark_at(all_of(at(3)), true)); // all are idle
  in.receive(1, records({6}, 1));
  in.receive(0, records({5, 9}, 0));
  CHECK(take(in) == "0:5 1:6 "); // awake, both: 9 waits
  in.receive(1, only(mark_at(at(6), true)));
  CHECK(take(in) == "0:9 ");
}

TEST_CASE("an inlet promises the least of what its channels promise") {
  inlet in(3, true, window);
  CHECK(in.reached() == leat::mark{});
  in.receive(0, only(mark_at(at(5))));
  in.receive(1, only(mark_at(at(7))));
  in.receive(2, only(mark_at(at(6), true)));
  CHECK(take(in).empty());
  CHECK(in.reached() == mark_at(at(5)));
  in.receive(0, last());
  CHECK(take(in).empty());
  CHECK(in.reached() == mark_at(at(7)));
  in.receive(1, with(records({9}, 1), mark_at(at(9))));
  CHECK(take(in) == "1:9 ");
  CHECK(in.reached() == mark_at(all_of(at(9))));
}

TEST_CASE("an inlet that is never empty says how far it has come all the same") {
  for (const bool ordered : {true, false}) {
    INFO(ordered);
    inlet in(2, ordered, wide);
    in.receive(1, only(mark_at(at(500))));
    for (std::int64_t n = 0; n < 100; ++n) {
      in.receive(0, with(records({2 * n + 1, 2 * n + 2}), mark_at(at(2 * n + 2))));
      if (n == 0)
        continue;
      const auto piece = in.next(); // one frame is always left
      REQUIRE(piece);
      *piece->next = piece->end;
    }
    CHECK(in.reached().progress >= at(190));
    CHECK(in.reached().progress < at(199));
  }
}

TEST_CASE("what is promised is reached when the records before it are consumed") {
  inlet in(1, false, window);
  in.receive(0, with(records({1, 2}), mark_at(at(2))));
  const auto piece = in.next();
  REQUIRE(piece);
  CHECK(in.reached().progress < at(2));
  *piece->next = piece->end;
  CHECK_FALSE(in.next());
  CHECK(in.reached().progress >= at(2));
}

TEST_CASE("what all channels promise together counts until something arrives") {
  inlet in(2, true, window);
  in.promise(0, mark_at(at(1)), 0);
  in.promise(1, mark_at(at(2)), 0);
  in.promise_all(mark_at(at(4)));
  CHECK(in.reached() == mark_at(at(4)));
  in.receive(0, records({5}));
  CHECK_FALSE(in.empty());
  CHECK_FALSE(in.next()); // channel 1 may still bring 3
  CHECK(in.reached().progress < at(3));
  in.promise(1, mark_at(at(6)), 0);
  const auto piece = in.next();
  REQUIRE(piece);
  *piece->next = piece->end;
  CHECK_FALSE(in.next());
  CHECK(in.empty());
  CHECK(in.taken() == 1);
}

TEST_CASE("credit returns when records become state, not before, and not while nobody asks") {
  inlet in(2, false, {4, 40, 40'000});
  for (int n = 0; n < 4; ++n)
    in.receive(0, records({n * 10 + 1, n * 10 + 2}));
  CHECK(in.take_credit(0) == leat::credit{});
  CHECK(in.next()); // one frame at a time
  CHECK(in.take_credit(0).frames == 1);
  CHECK(in.held() == 2);
  CHECK(in.take_credit(1) == leat::credit{});
}

TEST_CASE("what a merge holds keeps its credit until the merge lets it go") {
  inlet in(2, true, {4, 40, 40'000});
  for (int n = 0; n < 4; ++n)
    in.receive(0, records({n * 10 + 1, n * 10 + 2}));
  CHECK_FALSE(in.next()); // channel 1 is waited for
  CHECK(in.held() == 8);
  CHECK(in.take_credit(0) == leat::credit{});
  in.receive(1, only(mark_at(at(12))));
  CHECK(take(in) == "0:1 0:2 0:11 0:12 ");
  CHECK(in.take_credit(0).frames == 2);
  CHECK(in.held() == 4);
}

TEST_CASE("while a barrier is under way, credit returns for what is held") {
  inlet in(3, true, {4, 40, 40'000});
  for (int n = 0; n < 4; ++n)
    in.receive(1, records({n * 10 + 101, n * 10 + 102}));
  for (int n = 0; n < 2; ++n)
    in.receive(2, records({n * 10 + 201, n * 10 + 202}));
  CHECK_FALSE(in.next());
  CHECK(in.take_credit(1) == leat::credit{});
  in.expect_barrier(1);
  in.receive(0, with_barrier(1));
  CHECK_FALSE(in.next()); // channel 0 may bring something older behind the barrier
  CHECK(in.take_credit(1).frames == 4);
  CHECK(in.take_credit(2).frames == 2);
  in.receive(1, records({141}));
  CHECK_FALSE(in.next());
  CHECK(in.take_credit(1).frames == 1);
  in.receive(1, with_barrier(1));
  in.receive(2, with_barrier(1));
  CHECK_FALSE(in.next());
  REQUIRE(in.aligned());
  in.pass_barrier();
  in.expect_barrier(1); // heard of it late
  in.receive(2, records({301}));
  CHECK_FALSE(in.next());
  for (std::size_t c = 0; c < 3; ++c)
    in.receive(c, last());
  CHECK(take(in) ==
        "0:101 0:102 0:111 0:112 0:121 0:122 0:131 0:132 0:141 0:201 0:202 0:211 0:212 0:301 ");
  CHECK(in.take_credit(1) == leat::credit{}); // not once more
  CHECK(in.take_credit(2).frames == 1);
  CHECK(in.ended());
}

TEST_CASE("a promise counts behind the frames that were sent before it, its flags until the next") {
  inlet in(2, true, window);
  in.promise(1, mark_at(at(9), true), 1); // came before the frame
  in.receive(0, records({3, 12}));
  CHECK_FALSE(in.next());
  in.receive(1, records({5}, 1));
  CHECK(take(in) == "0:3 1:5 0:12 "); // idle
  in.receive(0, records({13}));
  in.receive(1, records({10}, 1));        // idle no more ...
  in.promise(1, mark_at(at(9), true), 1); // ... whatever it said before
  CHECK(take(in) == "1:10 ");
  in.promise(1, mark_at(at(20)), 2);
  CHECK(take(in) == "0:13 ");
}

TEST_CASE("a merge whose stage is slow holds no more than its lanes") {
  inlet in(2, true, {4, 40, 40'000});
  std::int64_t time = 0;
  std::size_t most = 0;
  for (int round = 0; round < 1000;
       ++round) { // producers send whenever they may, we take one record
    for (std::size_t c = 0; c < 2; ++c)
      for (auto n = round == 0 ? 4 : in.take_credit(c).frames; n > 0; --n) {
        in.receive(c, records({time + 1, time + 3, time + 5, time + 7}));
        time += 10;
      }
    if (const auto piece = in.next())
      ++*piece->next;
    most = std::max(most, in.held());
  }
  CHECK(most <= 40);
}

TEST_CASE("a barrier waits for all channels, and channels behind it wait") {
  for (const bool ordered : {true, false}) {
    INFO(ordered);
    inlet in(2, ordered, window);
    in.receive(0, with_barrier(with(records({1}), mark_at(at(1))), 1));
    in.receive(0, with(records({5}), mark_at(at(5))));
    in.receive(1, with(records({2}, 1), mark_at(at(2))));
    CHECK(take(in) == (ordered ? "0:1 " : "0:1 1:2 "));
    CHECK_FALSE(in.aligned());
    in.receive(1, with_barrier(with(records({3}, 1), mark_at(at(3))), 1));
    const std::string more = take(in);
    REQUIRE(in.aligned()); // also if the merge still holds something: that is state
    CHECK(in.aligned()->epoch == 1);
    in.pass_barrier();
    CHECK_FALSE(in.aligned());
    in.receive(1, last());
    in.receive(0, last());
    CHECK(more + take(in) == (ordered ? "1:2 1:3 0:5 " : "1:3 0:5 "));
    CHECK(in.ended());
  }
}

TEST_CASE("channels that have ended stand at every barrier") {
  inlet in(2, false, window);
  in.receive(0, last());
  in.receive(1, with_barrier(3));
  CHECK_FALSE(in.next());
  REQUIRE(in.aligned());
  in.pass_barrier();
  in.receive(1, last());
  CHECK_FALSE(in.next());
  CHECK_FALSE(in.aligned());
  CHECK(in.ended());
}

TEST_CASE("a stage may take the records out of a frame it was given whole") {
  for (const bool ordered : {true, false}) {
    inlet in(1, ordered, wide);
    for (int n = 0; n < 100; ++n) {
      in.receive(0, records({n * 2 + 1, n * 2 + 2}));
      const auto piece = in.next();
      REQUIRE(piece);
      *piece->next = piece->end;
      piece->from->records = nullptr;
      CHECK_FALSE(in.next());
    }
    CHECK(in.held() == 0);
  }
}

TEST_CASE("random frames over channels, saved and loaded at barriers, against a naive merge") {
  support::for_seeds(2000, [](support::dice roll) {
    const std::size_t channels = roll.size(1, 5);
    const bool ordered = roll.coin();
    random_input input(roll, channels);
    std::vector<script>& scripts = input.scripts;
    const auto& before_barrier = input.before_barrier;
    const int barriers = input.barriers;

    inlet in(channels, ordered, window);
    std::vector<labelled> got;
    std::vector<std::size_t> taken(channels);
    std::vector<leat::credit_window> senders(channels, leat::credit_window{window});
    leat::credit sent, returned;
    const auto return_credit = [&] {
      for (std::size_t i = 0; i < channels; ++i) {
        const leat::credit back = in.take_credit(i);
        REQUIRE(senders[i].grant(back));
        returned += back;
      }
      if (ordered && channels > 1 && barriers == 0)
        REQUIRE(sent.records - returned.records >= static_cast<std::int64_t>(in.held()));
    };
    leat::mark promised;
    leat::stamp said; // while there was more to do
    leat::epoch passed = 0;
    const auto all_sent = [&] {
      return std::all_of(scripts.begin(), scripts.end(),
                         [](const script& s) { return s.sent == s.frames.size(); });
    };
    const leat::input_edges fed(channels, std::make_shared<leat::input_edge>(leat::input_edge{
                                              .codec = leat::row_codec_of<item>()}));
    leat::input_edges edges = fed;
    const auto load = [&](const std::string& bytes) {
      in = inlet(channels, ordered, window);
      edges = fed;
      leat::byte_cursor from(bytes);
      REQUIRE(in.load(from, edges, {{0, leat::row_type(*leat::row_codec_of<item>())}},
                      [](std::size_t, const leat::rows&, std::size_t) { return true; }));
      REQUIRE(from.left() == 0);
      in.begin(edges);
    };
    const auto tell_again = [&](std::size_t c) { // all up to what it had sent
      const script& s = scripts[c];
      leat::mark told;
      for (std::size_t i = 0; i < s.behind_barrier[passed - 1]; ++i) {
        if (const leat::frame& f = *s.frames[i].content; f.size() > 0)
          told.raise(mark_at(all_of(f.records->envelopes.last_stamp())));
        if (const auto& mark = s.frames[i].promised)
          told.raise(*mark);
      }
      in.promise(c, told, 0);
    };
    bool loaded = false;
    const auto save_and_load = [&] { // what was sent after the barrier comes again
      loaded = true;
      std::string saved, again;
      REQUIRE(in.save(saved, edges));
      load(saved);
      REQUIRE(in.save(again, edges));
      load(again);
      for (std::size_t c = 0; c < channels; ++c)
        tell_again(c);
      for (script& s : scripts)
        s.sent = s.behind_barrier[passed - 1];
      senders.assign(channels, leat::credit_window{window});
      sent = returned = {};
    };
    for (int n = 1; n <= barriers; ++n)
      if (roll.coin())
        in.expect_barrier(static_cast<leat::epoch>(n));
    while (!all_sent() || !in.ended()) {
      if (passed < static_cast<leat::epoch>(barriers))
        in.expect_barrier(passed + 1);
      const std::size_t c = roll.size(0, channels);
      if (scripts[c].sent < scripts[c].frames.size() && senders[c].open() && roll.coin()) {
        sending f = scripts[c].frames[scripts[c].sent++];
        senders[c].spend(f.content->cost());
        sent += f.content->cost();
        if (f.promised && roll.coin()) // comes before its frame
          in.promise(c, *std::exchange(f.promised, {}), in.sent[c] + 1);
        in.receive(c, std::move(f));
      }
      if (roll.coin())
        continue;
      if (const auto piece = in.next()) {
        const std::size_t stop = *piece->next + roll.size(1, piece->end - *piece->next + 1);
        for (; *piece->next < stop; ++*piece->next) {
          const item& i = piece->from->as<item>()[*piece->next];
          const leat::stamp s = piece->from->records->envelopes.stamp_of(*piece->next);
          const auto from = static_cast<std::size_t>(i.key);
          got.push_back({s, from, i.number});
          REQUIRE((!ordered || s > promised.progress));
          REQUIRE(s > said);
          ++taken[from];
          if (passed < before_barrier[from].size())
            REQUIRE(taken[from] <= before_barrier[from][passed]); // not past a barrier
        }
        return_credit();
        said = std::max(said, in.reached().progress);
        continue;
      }
      return_credit(); // what was taken in may wait for another channel
      const leat::mark now = in.reached();
      REQUIRE(now.progress >= promised.progress);
      promised.raise(now);
      if (const auto barrier = in.aligned()) {
        REQUIRE(barrier->epoch == ++passed);
        if (!ordered)
          for (std::size_t i = 0; i < channels; ++i)
            REQUIRE(taken[i] == before_barrier[i][passed - 1]);
        in.pass_barrier();
        if (roll.coin())
          save_and_load();
      }
    }
    REQUIRE(passed == static_cast<leat::epoch>(barriers));
    REQUIRE(in.held() == 0);
    return_credit();
    const leat::credit quarter{window.frames / 4 + 1, window.records / 4 + 1, window.bytes / 4 + 1};
    const auto lanes = static_cast<std::int64_t>(channels);
    REQUIRE(returned.records <= sent.records);
    REQUIRE(sent.records - returned.records <= quarter.records * lanes);
    REQUIRE(sent.frames - returned.frames <= quarter.frames * lanes);

    if (ordered && loaded) { // of equal stamps one may have been held, and the other not
      REQUIRE(std::ranges::is_sorted(got, {}, &labelled::at));
      got = naive_merge(got, true);
    }
    REQUIRE((ordered ? got : naive_merge(got, false)) == naive_merge(input.records, ordered));
  });
}

TEST_CASE("an inlet takes nothing that is against the protocol") {
  const auto taken = [](inlet& in, std::size_t channel, sending f) {
    try {
      in.receive(channel, std::move(f));
      return std::string("taken");
    } catch (const leat::failure& e) {
      return e.error().what;
    }
  };
  inlet in(2, true, {2, 64, 64 * sizeof(item)});
  CHECK(taken(in, 2, records({1})) == "a frame came on channel 2 of 2");
  CHECK(taken(in, 0, records({1})) == "taken");
  CHECK(taken(in, 0, records({2})) == "taken");
  leat::frame barrier;
  barrier.barrier_at = std::make_shared<leat::barrier>();
  CHECK(taken(in, 0, barrier) == "taken"); // events are free
  CHECK(taken(in, 0, records({3})) == "a frame came on channel 0 that was not paid for");
  leat::frame lying = records({1});
  lying.paid = {};
  CHECK(taken(in, 1, lying) == "a frame came on channel 1 that was not paid for");
  CHECK(taken(in, 1, ended(records({4}, 1))) == "taken");
  CHECK(taken(in, 1, leat::frame{}) == "a frame came on channel 1 behind the last one");
  CHECK(taken(in, 2, only(mark_at(at(9)))) == "a promise came on channel 2 of 2");
}
