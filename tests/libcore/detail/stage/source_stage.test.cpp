#include <leat/detail/stage/typed_source.hpp>

#include "support/reading.hpp"

using support::at;
using support::given;
using support::given_splits;
using support::item;
using support::reading;
using support::some_texts;
using support::text_item;
using support::text_splits;
using support::texts;
using support::time_of_text;
using namespace std::chrono_literals;

namespace {

// In these tests an item's value is its event time in microseconds, its key its split.
const auto time_of = [](const item& i) {
  return leat::event_time{std::chrono::microseconds{i.value}};
};

std::vector<item> some_split(support::dice& roll, std::int64_t key, int most) {
  std::vector<item> records;
  std::int64_t time = 100;
  for (int n = roll(0, most); n > 0; --n) {
    time += roll(-3, 6); // out of order now and then
    records.push_back({key, static_cast<std::int64_t>(records.size()), time});
  }
  return records;
}

struct expected {
  leat::stamp at;
  item record;
};

// All of these were sent, in the order of their stamps.
void require_sent(const support::hosted& r, std::vector<expected> wanted) {
  std::ranges::sort(wanted, {}, &expected::at);
  const auto got = r.sent<item>();
  const auto stamps = r.stamps();
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    REQUIRE(got[i] == wanted[i].record);
    REQUIRE(stamps[i] == wanted[i].at);
  }
  REQUIRE(r.in_order());
}

// Says "idle" for a while before each record, as a test wishes.
struct pausing {
  using record_type = item;
  std::vector<item> records;
  std::vector<int> pauses; ///< before each record: how many times it says idle
  std::size_t next = 0;
  leat::pull_status pull(std::size_t demand, leat::emitter<item>& out) {
    for (; demand > 0 && next < records.size(); --demand) {
      if (next < pauses.size() && pauses[next]-- > 0)
        return leat::pull_status::idle(100ms);
      out(records[next++]);
    }
    return next < records.size() ? leat::pull_status::more() : leat::pull_status::done();
  }
};
struct pausing_splits {
  using record_type = item;
  std::vector<pausing> all;
  std::vector<pausing> splits() const { return all; }
};

} // namespace

TEST_CASE("splits are merged by stamp: highest event time so far, split, position") {
  support::for_seeds(200, [](support::dice roll) {
    given_splits<item> source;
    std::vector<expected> wanted;
    std::uint64_t late = 0;
    const std::int64_t slack = roll(0, 4);
    const auto splits = roll(1, 5);
    for (std::int64_t s = 0; s < splits; ++s) {
      source.all.push_back({some_split(roll, s, 60)});
      std::int64_t highest = std::numeric_limits<std::int64_t>::min() + 100;
      std::uint64_t position = 0;
      for (const item& i : source.all.back().records) {
        late += i.value < highest - slack;
        highest = std::max(highest, i.value);
        wanted.push_back({at(highest, ++position, static_cast<std::uint32_t>(s)), i});
      }
    }

    reading r(source, leat::event_time_by{time_of, std::chrono::microseconds{slack}});
    r.pull_all();
    require_sent(r, std::move(wanted));
    REQUIRE(r.counters.late == late);
    REQUIRE(r.counters.records_in == r.sent<item>().size());
    REQUIRE(r.promised() == leat::end_mark);
  });
}

TEST_CASE("records get the envelopes and frames that they would get one by one") {
  support::for_seeds(200, [](support::dice roll) {
    const text_splits source = some_texts(roll, false);
    const std::chrono::microseconds slack{roll(0, 4)};
    struct expected {
      text_item record;
      leat::envelope has;
    };
    std::vector<expected> wanted;
    for (std::uint32_t s = 0; s < source.all.size(); ++s) {
      leat::event_time highest = leat::begin_of_time, watermark = leat::begin_of_time;
      std::uint64_t position = 0;
      for (const text_item& t : source.all[s].records) {
        const leat::event_time time = time_of_text(t);
        const bool late = time < watermark;
        if (time > highest)
          highest = time, watermark = time - slack;
        wanted.push_back({t, {{highest, leat::first_source, s, ++position, {}}, time, late}});
      }
    }
    std::ranges::sort(wanted, {}, [](const expected& e) { return e.has.at; });

    std::size_t times_read = 0;
    const auto counted = [&times_read](const text_item& t) {
      return ++times_read, time_of_text(t);
    };
    reading r(source, leat::event_time_by{counted, slack});
    r.edge.limits = {roll.size(1, 40), roll.size(100, 2000)};
    r.pull_all();
    std::size_t n = 0;
    for (const auto& s : r.wire.all) {
      if (s.content.size() == 0)
        continue;
      const std::span<const text_item> records = s.content.as<text_item>();
      REQUIRE(records.size() <= r.edge.limits.records);
      std::size_t before = 0; // bytes of all but the last
      for (const text_item& t : records.first(records.size() - 1))
        before += sizeof t + leat::heap_bytes(t);
      REQUIRE(before < r.edge.limits.bytes);
      leat::envelope_cursor cursor(s.content.records->envelopes, leat::all_columns);
      for (std::size_t i = 0; i < records.size(); ++i, ++n) {
        REQUIRE(n < wanted.size());
        REQUIRE(records[i] == wanted[n].record);
        leat::envelope e = cursor.at(i);
        REQUIRE(std::exchange(e.ingested, 0) > 0);
        REQUIRE(e == wanted[n].has);
      }
    }
    REQUIRE(n == wanted.size());
    REQUIRE(times_read == wanted.size());
  });
}

TEST_CASE("without event time one split comes after the other") {
  reading r(given_splits<item>{{{{{0, 0}, {0, 1}}}, {{{1, 0}, {1, 1}}}, {{}}}});
  r.pull_all();
  CHECK(r.sent<item>() == std::vector<item>{{0, 0}, {0, 1}, {1, 0}, {1, 1}});
  CHECK(r.in_order());
}

TEST_CASE("subtasks share out the splits, those without any are done") {
  std::vector<item> all;
  for (std::size_t subtask = 0; subtask < 4; ++subtask) {
    reading r(given_splits<item>{{{{{0, 0}}}, {{{1, 0}}}, {{{2, 0}}}}});
    r.services.subtask = subtask;
    r.services.subtasks = 4;
    r.pull_all();
    for (const item& i : r.sent<item>())
      all.push_back(i);
  }
  CHECK(all == std::vector<item>{{0, 0}, {1, 0}, {2, 0}});

  reading second(given<item>{{{0, 0}}}); // a source of one split, read by another subtask
  second.services.subtask = 1;
  second.services.subtasks = 2;
  second.pull_all();
  CHECK(second.sent<item>().empty());
}

TEST_CASE("a mark covers all that descends from the records read so far") {
  reading r(given<item>{support::numbered(5)});
  r.begin();
  (void)r.pull();
  r.flush();
  const leat::stamp last = r.stamps().back();
  leat::stamp child = last, grandchild = last;
  child.path = last.path.child(0);
  grandchild.path = last.path.child(70'000).child(70'000).child(70'000);
  CHECK(r.promised().progress >= last);
  CHECK(r.promised().progress >= child);
  CHECK(r.promised().progress >= grandchild);
  leat::stamp following = last;
  ++following.position;
  CHECK(r.promised().progress < following);
}

TEST_CASE("a split whose reader is done still has to send what was read ahead") {
  reading r(given_splits<item>{{{{{0, 0, 100}, {0, 1, 300}}}, {{{1, 0, 200}, {1, 1, 250}}}}},
            leat::event_time_by{time_of});
  r.edge.limits.records = 1;
  r.begin();
  const leat::event_time last{std::chrono::microseconds{300}};
  for (int sent = 1; sent < 4; ++sent) {
    (void)r.pull();
    CHECK_FALSE(r.source->reached().idle); // or a merge would not wait for the rest
    CHECK(r.source->reached().progress.time <= last);
  }
}

TEST_CASE("a silent split is waited for until it counts as idle, then it joins behind the others") {
  pausing_splits source;
  source.all.push_back({{{0, 0, 100}, {0, 1, 150}, {0, 2, 400}}, {0, 30}}); // silent for 3 s
  source.all.push_back({{{1, 0, 120}, {1, 1, 200}, {1, 2, 300}}, {}});
  reading r(source, leat::event_time_by{time_of, 0us, 1s});
  r.begin();
  const auto start = r.clock.time;
  std::vector<std::pair<item, leat::clock_time>> seen;
  for (bool more = true; more;) {
    const leat::pull_status answer = r.pull();
    r.flush();
    const auto all = r.sent<item>();
    for (std::size_t i = seen.size(); i < all.size(); ++i)
      seen.emplace_back(all[i], r.clock.time - start);
    more = !answer.is_done();
    if (answer.is_idle()) {
      REQUIRE(answer.after() <= 100ms);
      r.clock.time += std::max<std::int64_t>(answer.after().count(), 1);
    }
  }
  r.finish();
  REQUIRE(seen.size() == 6);
  CHECK(seen[0].first == item{0, 0, 100});
  CHECK(seen[0].second == 0);
  for (std::size_t i = 1; i <= 3; ++i) {
    CHECK(seen[i].first.key == 1);
    CHECK(seen[i].second >= 1'000'000'000);
    CHECK(seen[i].second <= 1'200'000'000);
  }
  CHECK(seen[4].first == item{0, 1, 150});
  CHECK(r.in_order()); // it got a stamp behind those of the others
}

TEST_CASE("the first record after a silent start is not late, whatever disorder is allowed") {
  reading r(pausing_splits{{{{{0, 0, 100}}, {30}}, {{{1, 0, 100}}, {30}}}}, // silent for 30 ms
            leat::event_time_by{time_of, 5s, 10ms});
  r.pull_all();
  CHECK(r.sent<item>().size() == 2);
  CHECK(r.counters.late == 0);
}

TEST_CASE("event times at both ends of time have watermarks and stamps") {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  reading r(pausing_splits{{{{{0, 0, least + 1}, {0, 1, least + 2}, {0, 2, most}}, {}},
                            {{{1, 0, 5}, {1, 1, 6}}, {0, 30}}}},
            leat::event_time_by{time_of, 5s, 10ms});
  r.pull_all();
  CHECK(r.sent<item>().size() == 5);
  CHECK(r.in_order());
  CHECK(r.counters.late == 1); // the one that came when the other had reached the end of time
}

TEST_CASE("a source that is idle promises nothing new, least of all the end of time") {
  for (const bool splits : {false, true}) {
    INFO(splits);
    const pausing one{{{0, 0, 100}, {0, 1, 150}, {0, 2, 160}}, {0, 30}};
    const auto check = [](auto& r) {
      r.begin();
      bool was_idle = false;
      for (bool more = true; more;) {
        const leat::pull_status answer = r.pull();
        more = !answer.is_done();
        if (!more)
          break;
        const leat::mark m = r.source->reached();
        was_idle = was_idle || m.idle;
        r.flush();
        CHECK(r.promised().progress.time <= leat::event_time{std::chrono::microseconds{160}});
        if (answer.is_idle())
          r.clock.time += std::max<std::int64_t>(
              std::min(answer.after(), std::chrono::nanoseconds{100ms}).count(), 1);
      }
      CHECK(was_idle);
    };
    if (splits) {
      reading r(pausing_splits{{one, one}}, leat::event_time_by{time_of, 0us, 1s});
      check(r);
    } else {
      reading r(one, leat::event_time_by{time_of, 0us, 1s});
      check(r);
    }
  }
}

TEST_CASE("where nobody cares for order, no split waits for another") {
  pausing_splits source;
  source.all.push_back({{{0, 0, 100}}, {1000}});
  source.all.push_back({{{1, 0, 500}, {1, 1, 600}}, {}});
  reading r(source, leat::event_time_by{time_of, 0us, 1s});
  r.services.keep_order = false;
  r.edge.carried = {};
  r.begin();
  (void)r.pull();
  r.flush();
  CHECK(r.sent<item>() == std::vector<item>{{1, 0, 500}, {1, 1, 600}});
}

TEST_CASE("a rate is held in the long run, and records count as ingested when they were due") {
  reading r(given<item>{support::numbered(1000)});
  r.services.rate = 1000;
  r.begin();
  const auto start = r.clock.time;
  (void)r.pull();
  r.flush();
  CHECK(r.sent<item>().size() == 1);
  while (r.clock.time < start + 100'000'000) {
    const leat::pull_status answer = r.pull();
    if (answer.is_idle())
      r.clock.time += answer.after().count();
  }
  r.flush();
  CHECK(r.sent<item>().size() >= 100);
  CHECK(r.sent<item>().size() <= 101);
  r.clock.time += 500'000'000; // it was held up: what was due meanwhile comes at once
  while (r.pull().is_more()) {
  }
  r.flush();
  CHECK(r.sent<item>().size() >= 600);
  CHECK(r.sent<item>().size() <= 602);
  std::size_t n = 0;
  for (const auto& sent : r.wire.all) {
    if (sent.content.size() == 0)
      continue;
    leat::envelope_cursor cursor(sent.content.records->envelopes, {});
    for (std::size_t i = 0; i < sent.content.size(); ++i, ++n)
      CHECK(std::abs(cursor.at(i).ingested - (start + static_cast<std::int64_t>(n) * 1'000'000)) <=
            1);
  }
}

TEST_CASE("a source is asked for no more than a frame holds, and waits while it is blocked") {
  struct asked {
    using record_type = item;
    std::size_t* most;
    leat::pull_status pull(std::size_t demand, leat::emitter<item>& out) {
      *most = std::max(*most, demand);
      for (; demand > 0; --demand)
        out({});
      return leat::pull_status::more();
    }
  };
  std::size_t most = 0;
  reading r(asked{&most});
  r.edge.credit_limit = {1, 1, 1};
  r.begin();
  CHECK(r.source->pull().is_more());
  CHECK(r.source->pull().is_more());
  CHECK(r.stage->blocked());
  CHECK(most == 16);
  CHECK(r.counters.records_in == 32);
}

TEST_CASE("each silent split is asked once a pull, however many records the others have") {
  struct counted {
    using record_type = item;
    pausing of;
    std::size_t* asked;
    leat::pull_status pull(std::size_t demand, leat::emitter<item>& out) {
      ++*asked;
      return of.pull(demand, out);
    }
  };
  struct counted_splits {
    using record_type = item;
    std::vector<counted> all;
    std::vector<counted> splits() const { return all; }
  };
  std::size_t asked = 0, others = 0;
  counted_splits source;
  const pausing silent{{{0, 0, 1'000'000}}, {1'000'000}};
  for (int n = 0; n < 10; ++n)
    source.all.push_back({silent, &asked});
  source.all.push_back({{support::numbered(10'000), {}}, &others});
  for (const bool keep_order : {false, true}) {
    asked = others = 0;
    reading r(source, leat::event_time_by{time_of, 0us, 1s});
    r.services.keep_order = keep_order;
    r.begin();
    std::size_t pulls = 0;
    while (r.sent<item>().size() < 9'000) {
      ++pulls;
      const leat::pull_status answer = r.pull();
      if (answer.is_idle())
        r.clock.time += answer.after().count();
    }
    CHECK(asked <= 10 * pulls);
    CHECK(others <= 9'100 / 16 * 2); // a frame of 16 is read ahead at a time
    CHECK(pulls <= 9'100 / 16 + 20);
  }
}

TEST_CASE("any rate above zero is one, however large or small") {
  for (const double rate : {1e300, std::numeric_limits<double>::infinity()}) {
    INFO(rate);
    reading r(given<item>{support::numbered(1000)});
    r.services.rate = rate;
    r.pull_all();
    CHECK(r.sent<item>().size() == 1000);
  }
  reading r(given<item>{support::numbered(1000)});
  r.services.rate = 1e-300;
  r.begin();
  (void)r.pull();
  const leat::pull_status answer = r.pull();
  CHECK(answer.is_idle());
  CHECK(answer.after() > 24h);
}

namespace {

// Of these tests: a record's number is the watermark after it, 0 if it says nothing of that.
const auto watermark_of = [](const item& i) {
  return i.number == 0 ? leat::begin_of_time : leat::from_micros(i.number);
};

} // namespace

TEST_CASE("with watermarks of records a stamp has the watermark before it, or its own up to it") {
  support::for_seeds(200, [](support::dice roll) {
    const std::chrono::microseconds bound{roll.one_of({0, 3, 20})};
    given_splits<item> source;
    std::vector<expected> wanted;
    std::uint64_t late = 0;
    const std::size_t splits = roll.size(1, 5);
    for (std::uint32_t split = 0; split < splits; ++split) {
      std::vector<item> records;
      leat::event_time ordered = leat::begin_of_time, watermark = leat::begin_of_time;
      std::int64_t time = 1000;
      for (std::size_t n = roll.size(0, 60); n > 0; --n) {
        time += roll(-8, 12);
        const std::int64_t says = roll(0, 3) == 0 ? time + roll(-15, 10) : 0; // may be ahead of it
        records.push_back({split, says, time});
        const leat::event_time own = leat::from_micros(time), said = watermark_of(records.back());
        late += own < watermark;
        const leat::event_time followed =
            said == leat::begin_of_time ? leat::begin_of_time + bound : said + bound;
        const leat::event_time at_time = std::max(ordered, std::min(followed, own + bound));
        wanted.push_back(
            {{at_time, leat::first_source, split, records.size(), {}}, records.back()});
        ordered = std::max(ordered, followed);
        watermark = ordered - bound;
      }
      source.all.push_back({records});
    }
    reading r(source, leat::watermarks_by{time_of, watermark_of, bound});
    r.edge.limits.records = roll.size(1, 20);
    r.pull_all();
    require_sent(r, std::move(wanted));
    REQUIRE(r.counters.late == late);
  });
}

TEST_CASE("what all splits have said is promised, though no record follows") {
  pausing_splits source;
  source.all.push_back({{{0, 50, 40}, {0, 0, 45}, {0, 0, 90}}, {0, 0, 1'000'000}}); // one is late
  source.all.push_back({{{1, 0, 10}, {1, 70, 60}, {1, 0, 90}}, {0, 0, 1'000'000}});
  reading r(source, leat::watermarks_by{time_of, watermark_of, 5us, leat::never_idle});
  r.begin();
  (void)r.pull();
  r.flush();
  CHECK(r.sent<item>().size() == 3); // the other may still bring something at 55
  CHECK(r.counters.late == 1);
  CHECK(r.promised().progress.time == leat::from_micros(55));
  reading one(source.all[1], leat::watermarks_by{time_of, watermark_of, 5us, leat::never_idle});
  one.begin();
  (void)one.pull();
  one.flush();
  CHECK(one.promised().progress.time == leat::from_micros(75));
}

TEST_CASE("a watermark may be that there is none, or that nothing follows") {
  const auto says = [](const item& i) {
    return i.number == 0 ? leat::begin_of_time : leat::end_of_time;
  };
  reading r(
      given_splits<item>{{{{{0, 0, 10}, {0, 1, 20}, {0, 0, 30}}}, {{{1, 0, 15}, {1, 0, 25}}}}},
      leat::watermarks_by{time_of, says, 5us});
  r.pull_all();
  CHECK(r.sent<item>().size() == 5);
  CHECK(r.in_order());
  CHECK(r.counters.late == 1);
}

TEST_CASE("a split that is never idle is always waited for") {
  pausing_splits source;
  source.all.push_back({{{0, 0, 100}, {0, 1, 150}}, {0, 100}}); // silent for 10 s
  source.all.push_back({{{1, 0, 120}, {1, 1, 200}}, {}});
  reading r(source, leat::event_time_by{time_of, 0us, leat::never_idle});
  r.begin();
  const auto start = r.clock.time;
  while (r.clock.time < start + 9'000'000'000) {
    const leat::pull_status answer = r.pull();
    REQUIRE(answer.is_idle());
    REQUIRE(answer.after() <= 100ms);
    r.clock.time += answer.after().count();
    const leat::split_summary s = r.counters.splits.read();
    REQUIRE(s.active == 2);
    REQUIRE(s.slowest->name == "0");
    REQUIRE(s.slowest->silent);
    REQUIRE(s.slowest->since == start);
  }
  r.flush();
  CHECK(r.sent<item>().size() == 1);
  while (!r.pull().is_done())
    r.clock.time += 100'000'000;
  r.finish();
  CHECK(r.sent<item>().size() == 4);
  CHECK(r.counters.late == 0);
  CHECK(r.counters.splits.read().finished == 2);
}

namespace {

// What a test lets a subtask know of the others.
struct told_alignment final : leat::source_alignment {
  leat::event_time others = leat::end_of_time;
  std::vector<leat::mark> told;
  int waits = 0;
  void attach(std::function<void()>) override {}
  void tell(const leat::mark& slowest) override { told.push_back(slowest); }
  leat::event_time slowest() override { return others; }
  leat::event_time await() override { return ++waits, others; }
};

} // namespace

TEST_CASE("a split that is too far ahead of others is not asked, and counts neither as idle") {
  for (const bool splits : {false, true}) {
    INFO(splits);
    const auto check = [](auto& r) {
      const auto others = std::make_shared<told_alignment>();
      r.services.alignment = others;
      r.edge.limits.records = 2;
      others->others = leat::from_micros(100);
      r.begin();
      while (r.pull().is_more())
        continue;
      r.flush();
      CHECK(r.template sent<item>().size() == 6); // up to 150
      CHECK(others->waits >= 1);
      CHECK(r.counters.splits.read().held >= 1);
      CHECK(others->told.back() == leat::mark{{leat::from_micros(150)}});
      r.clock.time += 10'000'000'000;
      CHECK(r.pull().is_idle());
      CHECK_FALSE(r.source->reached().idle);
      CHECK(r.source->reached().stalled); // what it waits for may wait for a pane behind it
      others->others = leat::from_micros(110);
      while (r.pull().is_more())
        continue;
      r.flush();
      CHECK(r.template sent<item>().size() == 8);
      others->others = leat::end_of_time;
      while (!r.pull().is_done())
        continue;
      r.finish();
      CHECK(r.template sent<item>().size() == 9);
      CHECK(r.counters.splits.read().held == 0);
      CHECK_FALSE(r.source->reached().stalled);
      CHECK(others->told.back() == leat::end_mark);
      for (std::size_t i = 1; i < others->told.size(); ++i)
        CHECK(others->told[i - 1].progress < others->told[i].progress);
    };
    std::vector<item> records;
    for (const std::int64_t time : {100, 110, 120, 130, 140, 150, 155, 160, 500})
      records.push_back({0, time, time});
    const leat::event_time_by times{time_of, 0us, 1s, 40us};
    if (splits) {
      reading r(given_splits<item>{{{records}, {{}}}}, times);
      check(r);
    } else {
      reading r(given<item>{records}, times);
      check(r);
    }
  }
}
