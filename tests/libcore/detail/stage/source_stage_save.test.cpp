// A source is cut by a barrier, saved, and restored into fresh subtasks, as many as there were or
// others: together they put out what an undisturbed run does.
#include <leat/detail/stage/typed_source.hpp>

#include "support/reading.hpp"

using support::at;
using support::reading;
using support::text_item;
using support::text_splits;
using support::time_of_text;
using namespace std::chrono_literals;

namespace {

struct named_texts : support::texts {
  std::string called;
  std::string name() const { return called; }
};
struct named_splits {
  using record_type = text_item;
  static constexpr bool blocking = true;
  std::vector<named_texts> all;
  std::vector<named_texts> splits() const { return all; }
};

// "a", "b", ...
named_splits named(const text_splits& source) {
  named_splits to;
  for (const support::texts& t : source.all)
    to.all.push_back({t, std::string(1, static_cast<char>('a' + to.all.size()))});
  return to;
}

struct put_out {
  text_item record;
  leat::envelope has; // but for the ingest time
  friend bool operator==(const put_out&, const put_out&) = default;
};

std::vector<put_out> put_out_by(const support::hosted& h) {
  std::vector<put_out> all;
  for (const auto& s : h.wire.all) {
    if (s.content.size() == 0)
      continue;
    leat::envelope_cursor envelopes(s.content.records->envelopes, leat::all_columns);
    const std::span<const text_item> records = s.content.as<text_item>();
    for (std::size_t i = 0; i < records.size(); ++i) {
      leat::envelope e = envelopes.at(i);
      e.ingested = 0;
      all.push_back({records[i], e});
    }
  }
  return all;
}

std::vector<std::string> letters_of(const support::hosted& h) {
  std::vector<std::string> all;
  for (const leat::dead_letter& l : h.letters.letters)
    all.push_back(l.stage + '|' + l.place + '|' + l.reason + '|' + l.raw);
  return all;
}

// What came of all subtasks of a source, one run after the other.
struct outcome {
  std::map<std::size_t, std::vector<put_out>> by_subtask;
  std::map<std::uint32_t, std::vector<put_out>> by_split;
  std::vector<std::string> letters; // sorted: those of several splits have no order

  void add(std::size_t subtask, const support::hosted& h) {
    for (const put_out& p : put_out_by(h)) {
      by_subtask[subtask].push_back(p);
      by_split[p.has.at.split].push_back(p);
    }
    for (std::string& l : letters_of(h))
      letters.insert(std::ranges::upper_bound(letters, l), std::move(l));
  }
};

// Runs subtasks of a source.
template <class Times>
struct source_runs {
  const named_splits& source;
  Times times;
  leat::frame_limits limits;
  bool apart = false;
  std::size_t started = 0;

  using subtask = reading<named_splits, Times>;

  std::unique_ptr<subtask> make(std::size_t number, std::size_t of) {
    auto made = std::make_unique<subtask>(source, times);
    made->edge.limits = limits;
    made->services.subtask = number;
    made->services.subtasks = of;
    if (apart)
      made->services.read_apart = support::start_unthreaded(started, true);
    made->begin();
    return made;
  }

  static void load(subtask& to, const std::vector<std::string>& saved) {
    for (const std::string& part : saved) {
      leat::byte_cursor from(part);
      REQUIRE(to.source->load(from));
      REQUIRE(from.left() == 0);
    }
    REQUIRE(to.source->begin());
  }

  // Up to so many times.
  static void pull(subtask& s, std::size_t times) {
    for (; times > 0; --times) {
      const leat::pull_status answer = s.pull();
      if (answer.is_done())
        return;
      if (answer.is_idle())
        s.clock.time += std::min<std::int64_t>(answer.after().count(), 1000);
    }
  }
  static void pull_to_the_end(subtask& s) {
    pull(s, 100'000);
    s.finish();
  }

  static std::string save(subtask& s) {
    while (!s.stage->drain())
      s.unblock();
    std::string saved;
    REQUIRE(s.source->save(saved));
    return saved;
  }
};

template <class Times>
void check_cut(support::dice& roll, Times times) {
  const named_splits source = named(support::some_texts(roll, true));
  source_runs<Times> runs{source, times, {roll.size(1, 40), roll.size(100, 2000)}};
  const std::size_t before = roll.size(1, 4);
  const std::size_t after = roll.coin() ? before : roll.size(1, 4);

  outcome wanted;
  for (std::size_t i = 0; i < before; ++i) {
    auto s = runs.make(i, before);
    runs.pull_to_the_end(*s);
    wanted.add(i, *s);
  }

  runs.apart = roll.coin();
  outcome got;
  std::vector<std::string> saved;
  bool began = !runs.apart; // or it may not have asked yet where its readers stand
  for (std::size_t i = 0; i < before; ++i) {
    auto s = runs.make(i, before);
    const std::size_t pulls = roll.size(0, 40);
    began = began && pulls > 0;
    runs.pull(*s, pulls);
    saved.push_back(runs.save(*s));
    got.add(i, *s);
  }
  runs.apart = roll.coin();
  began = began && !runs.apart;
  for (std::size_t i = 0; i < after; ++i) {
    auto s = runs.make(i, after);
    runs.load(*s, saved);
    if (before == after && began)
      REQUIRE(runs.save(*s) == saved[i]);
    runs.pull_to_the_end(*s);
    REQUIRE(s->in_order());
    got.add(i, *s);
  }
  REQUIRE((got.by_split == wanted.by_split));
  REQUIRE(got.letters == wanted.letters);
  if (before == after)
    REQUIRE((got.by_subtask == wanted.by_subtask));
}

// Twice as far behind as a record has ever been.
struct widest_lag {
  std::int64_t highest = 0, lag = 0;
  leat::event_time operator()(const text_item& t) {
    lag = std::max(lag, highest - t.number);
    highest = std::max(highest, t.number);
    return leat::from_micros(highest - 2 * lag);
  }
  static constexpr auto fields =
      leat::fields("widest_lag", leat::field("highest", &widest_lag::highest),
                   leat::field("lag", &widest_lag::lag));
};

const leat::event_time_by by_time{time_of_text, 2us};
const leat::watermarks_by by_strategy{time_of_text, widest_lag{}, 6us};
using timed_runs = source_runs<std::remove_const_t<decltype(by_time)>>;

std::string error_of(const leat::result<void>& r) { return r ? "none" : r.error().what; }

leat::result<void> restored(const named_splits& source, const std::vector<std::string>& saved) {
  timed_runs runs{source, by_time, {}};
  auto s = runs.make(0, 1);
  for (const std::string& part : saved) {
    leat::byte_cursor from(part);
    if (auto loaded = s->source->load(from); !loaded)
      return loaded;
  }
  return s->source->begin();
}

} // namespace

TEST_CASE("a source that is saved at any barrier goes on as if it had not been") {
  support::for_seeds(400, [](support::dice roll) {
    if (roll(0, 4) == 0)
      check_cut(roll, leat::no_event_time{});
    else if (roll.coin())
      check_cut(roll, by_strategy);
    else
      check_cut(roll, by_time);
  });
}

TEST_CASE("new splits have numbers after those that were saved, in every subtask") {
  const named_splits before{{{{{{10, "x"}, {20, "x"}}}, "b"}, {{{{10, "x"}}}, "d"}}};
  const named_splits after{
      {{{{{15, "n"}}}, "a"}, before.all[1], {{{{5, "n"}, {30, "n"}}}, "c"}, before.all[0]}};
  timed_runs first{before, by_time, {1}};
  auto one = first.make(0, 1);
  first.pull(*one, 2); // both at 10
  const std::vector<std::string> saved{first.save(*one)};
  CHECK(put_out_by(*one).size() == 2);

  outcome got;
  timed_runs second{after, by_time, {}};
  for (std::size_t i = 0; i < 2; ++i) {
    auto s = second.make(i, 2);
    second.load(*s, saved);
    second.pull_to_the_end(*s);
    CHECK(s->in_order());
    got.add(i, *s);
  }
  REQUIRE(got.by_split.size() == 3);
  CHECK(got.by_split[0] ==
        std::vector<put_out>{{{20, "x"}, {at(20, 2, 0), leat::from_micros(20)}}});
  CHECK(got.by_split[2] ==
        std::vector<put_out>{{{15, "n"}, {at(15, 1, 2), leat::from_micros(15)}}});
  // Others had come to 10: it joins behind them, and what is older than allowed is late.
  CHECK(got.by_split[3] ==
        std::vector<put_out>{{{5, "n"}, {at(11, 1, 3), leat::from_micros(5), true}},
                             {{30, "n"}, {at(30, 2, 3), leat::from_micros(30)}}});
}

TEST_CASE("a split that is missing is named, unless nothing more was to come of it") {
  const named_splits before{{{{{{10, "x"}}}, "a"}, {{{{20, "x"}, {30, "x"}, {40, "x"}}}, "b"}}};
  const auto saved_after = [&](std::size_t pulls) {
    timed_runs runs{before, by_time, {1}};
    auto s = runs.make(0, 1);
    runs.pull(*s, pulls);
    return std::vector<std::string>{runs.save(*s)};
  };
  const named_splits only_a{{before.all[0]}}, only_b{{before.all[1]}};
  CHECK(error_of(restored(only_a, saved_after(2))) ==
        "split \"b\" of source \"stage\" is missing: it was saved after 1 records");
  CHECK(error_of(restored(only_b, saved_after(0))) ==
        "split \"a\" of source \"stage\" is missing: it was saved after 0 records");
  CHECK(error_of(restored(only_b, saved_after(2))) == "none");

  timed_runs runs{only_b, by_time, {}};
  auto s = runs.make(0, 1);
  const auto saved = saved_after(2);
  runs.load(*s, saved);
  CHECK(runs.save(*s) == saved[0]); // its number stays taken
}

namespace {

// Silent after its first record while its gate is shut.
struct gated : support::given<text_item> {
  const bool* open = nullptr;
  leat::pull_status pull(std::size_t demand, leat::emitter<text_item>& out) {
    if (open && !*open && next == 1)
      return leat::pull_status::idle(1ms);
    return given::pull(std::min<std::size_t>(demand, 1), out);
  }
};
struct gated_splits {
  using record_type = text_item;
  std::vector<gated> all;
  std::vector<gated> splits() const { return all; }
};

} // namespace

TEST_CASE("a split that others did not wait for is saved where it joins them") {
  bool open = false;
  const gated_splits source{{{{{{10, "a"}, {12, "a"}, {60, "a"}}}, &open},
                             {{{{20, "b"}, {30, "b"}, {40, "b"}, {70, "b"}}}, nullptr}}};
  const auto make = [&] {
    auto s = std::make_unique<reading<gated_splits, decltype(leat::event_time_by{time_of_text})>>(
        source, leat::event_time_by{time_of_text, 2us, 1ms});
    s->edge.limits.records = 1;
    s->begin();
    return s;
  };
  const auto first = make();
  while (put_out_by(*first).size() < 3) {
    (void)first->pull();
    first->clock.time += 1'000'000;
    first->flush();
  }
  std::string saved;
  REQUIRE(first->source->save(saved));

  open = true;
  const auto second = make();
  leat::byte_cursor from(saved);
  REQUIRE(second->source->load(from));
  REQUIRE(second->source->begin());
  while (!second->pull().is_done())
    continue;
  second->finish();
  CHECK(second->in_order());
  const auto time = [](std::int64_t n) { return leat::from_micros(n); };
  CHECK(put_out_by(*second) == std::vector<put_out>{{{12, "a"}, {at(31, 2, 0), time(12), true}},
                                                    {{40, "b"}, {at(40, 3, 1), time(40)}},
                                                    {{60, "a"}, {at(60, 3, 0), time(60)}},
                                                    {{70, "b"}, {at(70, 4, 1), time(70)}}});
}

TEST_CASE("the name of a split is its own") {
  const named_splits source{{{{}, "a"}, {{}, "b"}, {{}, "a"}}};
  reading r(source, by_time);
  CHECK(error_of(r.open(std::move(r.start))) == "two splits of source \"stage\" are called \"a\"");
}

namespace {

// One of a kind that has no positions, or only sometimes.
struct stream {
  using record_type = text_item;
  std::int64_t left = 3;
  leat::pull_status pull(std::size_t, leat::emitter<text_item>& out) {
    out({left, "x"});
    return --left > 0 ? leat::pull_status::more() : leat::pull_status::done();
  }
};
struct file_or_pipe : stream {
  bool pipe = false;
  bool replayable() const { return !pipe; }
  std::int64_t position() const { return left; }
  leat::result<void> seek(std::int64_t to) {
    if (to > left)
      return leat::user_error("too short");
    left = to;
    return {};
  }
};

template <class Source>
std::string saved_after_one(Source source) {
  reading r(source);
  r.edge.limits.records = 1;
  r.begin();
  (void)r.pull();
  while (!r.stage->drain())
    r.unblock();
  std::string saved;
  REQUIRE(r.source->save(saved));
  return saved;
}

// The error, or how many records come then.
template <class Source>
std::string read_on(Source source, const std::string& saved) {
  reading r(source);
  r.begin();
  leat::byte_cursor from(saved);
  REQUIRE(r.source->load(from));
  if (auto begun = r.source->begin(); !begun)
    return begun.error().what;
  while (!r.pull().is_done())
    continue;
  r.finish();
  return std::to_string(r.stamps().back().position) + " in all";
}

struct no_fields {
  std::int64_t n = 0;
};
struct unsaved {
  using record_type = no_fields;
  leat::pull_status pull(std::size_t, leat::emitter<no_fields>&) {
    return leat::pull_status::done();
  }
};
struct unsaved_splits {
  using record_type = no_fields;
  std::vector<unsaved> splits() const { return {{}, {}}; }
};

} // namespace

TEST_CASE("a source without positions goes on with what comes") {
  const std::string saved = saved_after_one(stream{});
  CHECK(read_on(stream{}, saved) == "4 in all");
  CHECK(read_on(file_or_pipe{}, saved) == "4 in all");
  CHECK(read_on(file_or_pipe{{}, true}, saved_after_one(file_or_pipe{{}, true})) == "4 in all");
}

TEST_CASE("a reader that cannot go on where it was is an error") {
  const std::string saved = saved_after_one(file_or_pipe{});
  CHECK(read_on(file_or_pipe{}, saved) == "3 in all");
  CHECK(read_on(file_or_pipe{{1}}, saved) == "split \"0\" of source \"stage\": too short");
  for (const std::string& error : {read_on(stream{}, saved), read_on(file_or_pipe{{}, true}, saved),
                                   read_on(support::given<text_item>{}, saved)})
    CHECK(error == "split \"0\" of source \"stage\": the saved position is none of this reader");
}

TEST_CASE("a source that reads ahead what cannot be encoded is not saved") {
  const auto error_of_saving = [](auto source) {
    reading r(source);
    r.begin();
    std::string to;
    return error_of(r.source->save(to));
  };
  CHECK(error_of_saving(unsaved{}) == "none");
  CHECK(error_of_saving(unsaved_splits{})
            .ends_with("no_fields that source \"stage\" reads ahead cannot be saved"));
}
