// Subtasks of sources are saved at barriers and loaded into fresh ones.
#include <leat/detail/runtime/subtask.hpp>

#include <leat/detail/stage/typed_source.hpp>

#include "subtask_runs.hpp"

#include "support/reading.hpp"

using support::text_item;
using support::text_splits;
using namespace saving;
using namespace std::chrono_literals;

namespace {

const leat::credit wide{1'000'000, 1'000'000'000, 1'000'000'000'000};

template <class Source>
sample sample_of(Source source) {
  return {.name = "source",
          .make =
              [source] {
                return leat::make_source_stage(source,
                                               leat::event_time_by{support::time_of_text, 2us},
                                               support::into_port<text_item>());
              },
          .channels = 0};
}

// A subtask of a source in the hands of a test.
struct hosted_source : hosted_subtask {
  std::size_t started = 0;

  hosted_source(const sample& of, const leat::credit& window, bool apart, std::size_t number = 0,
                std::size_t in_all = 1)
      : hosted_subtask(of, window) {
    settings.services.subtask = number;
    settings.services.subtasks = in_all;
    if (apart)
      settings.services.read_apart = support::start_unthreaded(started, true);
    subtask.emplace(of.make(), settings, host, metrics);
    REQUIRE(static_cast<bool>(subtask->open()));
  }

  // It gets a turn.
  void turn() {
    clock.time += 1'000;
    subtask->woken(0);
  }
  void turn_to_the_end() {
    for (int n = 0; !host.is_done && n < 10'000; ++n)
      turn(), grant(1);
    REQUIRE(host.is_done);
  }
  // At a barrier.
  std::string save() {
    std::string saved;
    host.when_passed = [&] {
      auto bytes = subtask->save();
      REQUIRE(static_cast<bool>(bytes));
      saved = *bytes;
    };
    subtask->inject(std::make_shared<leat::barrier>(leat::barrier{1, {}}));
    for (int n = 0; saved.empty() && n < 1000; ++n)
      grant(1), turn();
    REQUIRE(!saved.empty());
    return saved;
  }
};

// All that was put out up to a barrier, or to the end; ingest times are those of the clock.
void note(account& to, const hosted_subtask& by, std::size_t sent, std::size_t letters) {
  for (std::size_t i = 0; i < sent; ++i)
    to.add(by.host.wire.all[i]);
  for (std::size_t i = 0; i < letters; ++i) {
    const auto& l = by.letters.letters[i];
    to.all.letters.push_back(l.reason + " " + l.place + " " + l.raw);
  }
}

render without_times = [](const leat::rows& rows, std::size_t i) {
  return render_row<text_item>(rows, i);
};

// The ingest time is the last word of each record.
outcome settled(account& all, const hosted_subtask& last) {
  for (auto& [where, records] : all.all.sent)
    for (std::string& r : records)
      r.resize(r.rfind(' '));
  std::ranges::sort(all.all.letters); // those of several splits have no order
  all.all.records_in = last.metrics.counters.records_in;
  all.all.records_out = last.metrics.counters.records_out;
  return std::move(all.all);
}

} // namespace

TEST_CASE("a source subtask that is saved and loaded anywhere goes on as if it had not") {
  support::for_seeds(300, [](support::dice roll) {
    const sample of = sample_of(support::some_texts(roll, true));
    account undisturbed(without_times, false);
    hosted_source whole(of, wide, false);
    whole.turn_to_the_end();
    note(undisturbed, whole, whole.host.wire.all.size(), whole.letters.letters.size());
    const outcome wanted = settled(undisturbed, whole);

    const leat::credit window = roll.coin() ? wide : leat::credit{roll(1, 3), roll(1, 20), 9'999};
    account cut(without_times, false);
    hosted_source first(of, window, roll.coin());
    for (std::size_t turns = roll.size(0, 30); turns > 0 && !first.host.is_done; --turns) {
      first.turn();
      first.grant(roll.size(0, 3));
    }
    if (first.host.is_done)
      return;
    std::size_t sent = 0, letters = 0;
    std::string saved;
    first.host.when_passed = [&] {
      sent = first.host.wire.all.size();
      letters = first.letters.letters.size();
      saved = *first.subtask->save();
    };
    first.subtask->inject(std::make_shared<leat::barrier>(leat::barrier{1, {}}));
    for (int n = 0; saved.empty() && n < 1000; ++n)
      first.grant(1);
    REQUIRE(!saved.empty());
    note(cut, first, sent, letters);

    hosted_source second(of, window, roll.coin());
    REQUIRE(static_cast<bool>(second.load(saved)));
    second.turn_to_the_end();
    note(cut, second, second.host.wire.all.size(), second.letters.letters.size());
    CHECK(difference(settled(cut, second), wanted) == "");
  });
}

namespace {

struct silent {
  using record_type = text_item;
  static constexpr bool blocking = true;
  leat::pull_status pull(std::size_t, leat::emitter<text_item>&) {
    return leat::pull_status::idle();
  }
};

} // namespace

TEST_CASE("a barrier passes a source whose readers have nothing") {
  for (const bool apart : {false, true}) {
    hosted_source h(sample_of(silent{}), wide, apart);
    h.turn();
    CHECK(!h.save().empty());
  }
}

TEST_CASE("bytes of a saved source that were cut or changed are refused, or are those of another") {
  support::for_seeds(20, [](support::dice roll) {
    text_splits source = support::some_texts(roll, true);
    for (auto& split : source.all)
      split.records.resize(std::min<std::size_t>(split.records.size(), 12));
    const sample of = sample_of(source);
    hosted_source first(of, wide, roll.coin());
    first.turn();
    if (first.host.is_done)
      return;
    const std::string saved = first.save();
    const bool apart = roll.coin();
    for (std::size_t size = 0; size < saved.size(); ++size)
      CHECK(!hosted_source(of, wide, apart).load(saved.substr(0, size)));
    CHECK(!hosted_source(of, wide, apart).load(saved + '\0'));
    for (std::size_t i = 0; i < saved.size(); i += roll.size(1, 4)) {
      std::string changed = saved;
      changed[i] = static_cast<char>(changed[i] ^ (1 << roll(0, 8)));
      hosted_source other(of, wide, apart);
      if (!other.load(changed))
        continue;
      try { // what it then does may be wrong, and may end in a fault
        for (int n = 0; !other.host.is_done && n < 100; ++n)
          other.turn();
      } catch (const leat::failure&) {
      }
    }
  });
}

TEST_CASE("a source is loaded by other subtasks than those that it was saved by") {
  text_splits source;
  for (std::int64_t split = 0; split < 3; ++split) {
    source.all.emplace_back();
    for (std::int64_t n = 0; n < 8; ++n)
      source.all.back().records.push_back({n * 10 + split, "x"});
  }
  const sample of = sample_of(source);
  std::vector<std::string> saved;
  for (std::size_t i = 0; i < 2; ++i) {
    hosted_source h(of, {1, 1, 1'000'000}, false, i, 2);
    h.settings.services.limits.records = 1;
    h.subtask.emplace(of.make(), h.settings, h.host, h.metrics);
    REQUIRE(static_cast<bool>(h.subtask->open()));
    h.turn();
    saved.push_back(h.save());
  }
  std::uint64_t counted = 0, came = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    hosted_source h(of, wide, false, i, 3);
    REQUIRE(static_cast<bool>(h.load({saved[0], saved[1]})));
    const std::uint64_t before = h.metrics.counters.records_in;
    h.turn_to_the_end();
    counted += h.metrics.counters.records_in;
    came += h.metrics.counters.records_in - before;
  }
  CHECK(counted == 24);
  CHECK(came < 24);

  const auto error_of = [&](const std::vector<std::string_view>& given) {
    const auto loaded = hosted_source(of, wide, false).load(given);
    return loaded ? std::string("loaded") : loaded.error().what;
  };
  CHECK(error_of({saved[1], saved[0]}) == "loaded");
  CHECK(error_of({saved[0]}) == "stage \"source\" was saved by 2 subtasks, of which 1 are given");
  CHECK(error_of({saved[0], saved[0]}) ==
        "the saved state of subtask 0 of 2 of stage \"source\" is corrupt");
}
