// A subtask is saved at a barrier and loaded into a fresh one, which goes on as if nothing had
// happened: random input is run undisturbed, and again with a barrier anywhere in it.
#include <leat/detail/runtime/subtask.hpp>

#include <leat/sink.hpp>

#include "subtask_runs.hpp"

using support::at;
using support::text_item;
using namespace saving;
using namespace std::chrono_literals;

TEST_CASE("a subtask that is saved and loaded between any two records goes on as if it had not") {
  support::for_seeds(60, [](support::dice roll) {
    const sample of = any_sample(roll);
    INFO(of.name << " of " << of.channels);
    const shape like{.records = 9, .frame = 1};
    const auto input = any_input(roll, of.channels, like);
    const outcome wanted = test_run(of, input, like, roll).run(way::undisturbed);
    for (std::size_t at = 0; at < input.size() && some_open(input, at); ++at) {
      INFO("barrier before step " << at);
      const std::vector<std::size_t> cuts(of.channels, at);
      CHECK(difference(test_run(of, input, like, roll).run(way::saved_and_loaded, cuts), wanted) ==
            "");
    }
  });
}

TEST_CASE("a barrier that comes to each channel at another time is where a subtask is saved") {
  support::for_seeds(600, [](support::dice roll) {
    const sample of = any_sample(roll);
    INFO(of.name << " of " << of.channels);
    const shape like{.records = 40, .frame = 6};
    const auto input = any_input(roll, of.channels, like);
    const outcome wanted = test_run(of, input, like, roll).run(way::undisturbed);
    const std::size_t first = roll.size(0, input.size());
    std::vector<std::size_t> cuts;
    for (std::size_t c = 0; c < of.channels; ++c)
      cuts.push_back(std::min(first + roll.size(0, 12), input.size() - 1));
    if (!some_open(input, *std::max_element(cuts.begin(), cuts.end())))
      return;
    CHECK(difference(test_run(of, input, like, roll).run(way::with_barrier, cuts), wanted) == "");
    CHECK(difference(test_run(of, input, like, roll).run(way::saved_and_loaded, cuts), wanted) ==
          "");
  });
}

TEST_CASE("a loaded subtask treats what comes from idle channels as the saved one") {
  support::for_seeds(600, [](support::dice roll) {
    sample of = any_sample(roll);
    if (of.name == "batching")
      of.channels = 1; // it hands on stamps that fall
    INFO(of.name << " of " << of.channels);
    const shape like{.records = 30, .frame = 3, .idle = true};
    const auto input = any_input(roll, of.channels, like);
    const std::size_t at = roll.size(0, input.size());
    if (!some_open(input, at))
      return;
    const std::vector<std::size_t> cuts(of.channels, at);
    const outcome wanted = test_run(of, input, like, roll).run(way::with_barrier, cuts);
    CHECK(difference(test_run(of, input, like, roll).run(way::saved_and_loaded, cuts), wanted) ==
          "");
  });
}

// When time passes, no frame may wait for a barrier or for credit: who is woken meanwhile is not
// promised to do the same.
TEST_CASE("a loaded subtask fires the processing timers that were pending") {
  std::uint64_t fired = 0;
  support::for_seeds(60, [&](support::dice roll) {
    const sample of = sample_of_everything(roll.size(1, 4));
    INFO(of.channels << " channels");
    const shape like{.records = 12, .frame = 3, .timed = true};
    const auto input = any_input(roll, of.channels, like);
    const outcome wanted = test_run(of, input, like, roll).run(way::undisturbed);
    for (std::size_t at = 0; at < input.size() && some_open(input, at); ++at) {
      INFO("barrier before step " << at);
      const std::vector<std::size_t> cuts(of.channels, at);
      CHECK(difference(test_run(of, input, like, roll).run(way::saved_and_loaded, cuts), wanted) ==
            "");
    }
    for (const auto& [where, records] : wanted.sent)
      fired += static_cast<std::uint64_t>(std::ranges::count_if(
          records, [](const std::string& r) { return r.find("tick") != std::string::npos; }));
  });
  CHECK(fired > 500);
}

TEST_CASE(
    "bytes of a saved subtask that were cut or changed are refused, or are those of another") {
  support::for_seeds(40, [](support::dice roll) {
    const sample of = any_sample(roll);
    INFO(of.name << " of " << of.channels);
    const shape like{.records = 8, .frame = 3};
    const auto input = any_input(roll, of.channels, like);
    const std::size_t half = input.size() / 2;
    test_run run(of, input, like, roll);
    run.run(way::with_barrier, std::vector<std::size_t>(of.channels, half));
    const leat::credit window{1'000'000, 1'000'000'000, 1'000'000'000'000};
    for (std::size_t size = 0; size < run.saved.size(); ++size)
      CHECK(!hosted_subtask(of, window).load(run.saved.substr(0, size)));
    CHECK(!hosted_subtask(of, window).load(run.saved + '\0'));
    for (std::size_t i = 0; i < run.saved.size(); i += roll.size(1, 4)) {
      std::string changed = run.saved;
      changed[i] = static_cast<char>(changed[i] ^ (1 << roll(0, 8)));
      hosted_subtask other(of, window);
      if (!other.load(changed))
        continue;
      try { // what it then does may be wrong, and may end in a fault
        for (std::size_t s = half; s < input.size(); ++s)
          if (!input[s].promise)
            other.give(input[s], of);
      } catch (const leat::failure&) {
      }
    }
  });
}

TEST_CASE("a subtask is loaded only where it was saved") {
  const sample of{.name = "merge", .make = make_merge, .channels = 2};
  const leat::credit window{8, 64, 1'000'000};
  const auto error_of = [&](const sample& by, auto change) {
    hosted_subtask other(by, window);
    hosted_subtask saved(of, window);
    saved.give({.records = {{{0, "held"}, {support::at(1)}}}}, of);
    std::string bytes = *saved.subtask->save();
    change(other, bytes);
    other.subtask.emplace(by.make(), other.settings, other.host, other.metrics);
    REQUIRE(static_cast<bool>(other.subtask->open()));
    const auto loaded = other.load(bytes);
    return loaded ? std::string("loaded") : loaded.error().what;
  };
  const auto as_it_is = [](hosted_subtask&, std::string&) {};
  CHECK(error_of(of, as_it_is) == "loaded");
  CHECK(error_of(of, [](hosted_subtask& h, std::string&) { h.settings.services.subtasks = 4; }) ==
        "loaded");
  CHECK(error_of(of, [](hosted_subtask& h, std::string&) { h.settings.services.stage = "m"; }) ==
        "the saved state of subtask 0 of 1 of stage \"merge\" cannot be loaded by subtask 0 of 1 "
        "of stage \"m\"");
  sample wider = of;
  wider.channels = 3;
  CHECK(error_of(wider, as_it_is) == "loaded");
  sample scores = of;
  scores.takes_scores = true;
  CHECK(error_of(scores, as_it_is).find("differ from the saved ones: it was text_item(") !=
        std::string::npos);
  CHECK(error_of(of, [](hosted_subtask&, std::string& bytes) { bytes[0] = 9; }) ==
        "the saved subtask has format 9, this program reads format 1");
  CHECK(error_of(of, [](hosted_subtask&, std::string& bytes) { bytes.clear(); }) ==
        "the saved state of a subtask is corrupt: it is empty");
}

TEST_CASE("what cannot be saved is an error that names it") {
  const auto error_of = [](hosted_subtask& h) {
    const auto saved = h.subtask->save();
    return saved ? std::string("saved") : saved.error().what;
  };
  const leat::credit window{8, 64, 1'000'000};
  sample merging{.name = "merge", .make = make_merge, .channels = 2};
  const auto without_codec = [&](const sample& of) {
    hosted_subtask h(of, window);
    h.settings.channels.back() =
        std::make_shared<const leat::input_edge>(leat::input_edge{0, "cards", "card", nullptr});
    h.subtask.emplace(of.make(), h.settings, h.host, h.metrics);
    REQUIRE(static_cast<bool>(h.subtask->open()));
    return error_of(h);
  };
  CHECK(without_codec(merging) == "records of type card from stage \"cards\" cannot be saved");
  merging.channels = 1; // nothing is held
  CHECK(without_codec(merging) == "saved");

  hosted_subtask sink({.name = "sink",
                       .make =
                           [] {
                             return std::make_shared<leat::sink_stage<text_item, support::discard>>(
                                 support::discard{}, 0ns);
                           },
                       .lanes = {}},
                      window);
  CHECK(error_of(sink) == "saved");
}

TEST_CASE("a batching that was swapped is saved") {
  const sample of{.name = "batching", .make = [] {
                    return std::make_shared<leat::batching_stage>(leat::record_type_of<text_item>,
                                                                  leat::batch{},
                                                                  support::into_port<text_item>());
                  }};
  const leat::credit window{8, 64, 1'000'000};
  const leat::command swap{"batching", leat::batching_verb, "record"};
  hosted_subtask before(of, window);
  REQUIRE(static_cast<bool>(before.subtask->prepare(swap)));
  std::string saved;
  before.host.when_passed = [&] { saved = *before.subtask->save(); };
  leat::frame f;
  f.barrier_at = std::make_shared<leat::barrier>(leat::barrier{1, {swap}});
  before.give(0, std::move(f));
  hosted_subtask after(of, window);
  REQUIRE(static_cast<bool>(after.load(saved)));
  after.give(0, support::frame_of(std::vector<text_item>{{1, "a"}, {2, "b"}}, {at(1), at(2)}));
  CHECK(after.metrics.counters.panes == 2);
}

TEST_CASE("a loaded subtask returns credit for what came to it, not for what it was loaded with") {
  const sample of{.name = "merge", .make = make_merge, .channels = 2};
  const leat::credit window{1'000, 1'000'000, 1'000'000'000};
  const auto item_at = [](std::int64_t time) {
    return support::frame_of(std::vector<text_item>{{time, "a"}}, {at(time)});
  };
  hosted_subtask before(of, window);
  std::string saved;
  before.host.when_passed = [&] { saved = *before.subtask->save(); };
  leat::frame barrier;
  barrier.barrier_at = std::make_shared<leat::barrier>(leat::barrier{1, {}});
  for (std::int64_t time = 1; time <= 10; ++time)
    before.give(0, item_at(time));
  before.give(0, barrier);
  before.give(1, barrier);

  hosted_subtask after(of, window);
  after.settings.credit_limit = {4, 1'000, 1'000'000};
  after.subtask.emplace(of.make(), after.settings, after.host, after.metrics);
  REQUIRE(static_cast<bool>(after.subtask->open()));
  REQUIRE(static_cast<bool>(after.load(saved)));
  after.give(0, item_at(11));
  after.subtask->promised(1, support::mark_at(at(20)), 0);
  CHECK(after.metrics.counters.records_in == 11);
  REQUIRE(after.host.grants.size() == 1);
  CHECK(after.host.grants[0].second.frames == 1);
}

TEST_CASE("a channel that had ended before its subtask was saved ends again") {
  const sample of{.name = "merge", .make = make_merge, .channels = 2};
  const leat::credit window{8, 64, 1'000'000};
  hosted_subtask before(of, window);
  std::string saved;
  before.host.when_passed = [&] { saved = *before.subtask->save(); };
  leat::frame end;
  end.last = true;
  before.give(0, end);
  leat::frame barrier;
  barrier.barrier_at = std::make_shared<leat::barrier>(leat::barrier{1, {}});
  before.give(1, barrier);
  hosted_subtask after(of, window);
  REQUIRE(static_cast<bool>(after.load(saved)));
  after.give(0, end);
  CHECK_FALSE(after.host.is_done);
  after.give(1, end);
  CHECK(after.host.is_done);
}

// Who joins what several senders promise waits for the slowest of them.
TEST_CASE("a subtask that is loaded as ended promises that nothing follows") {
  const sample of{.name = "merge", .make = make_merge, .channels = 2};
  const leat::credit window{8, 64, 1'000'000};
  hosted_subtask before(of, window);
  leat::frame end;
  end.last = true;
  before.give(0, end);
  before.give(1, end);
  hosted_subtask after(of, window);
  REQUIRE(static_cast<bool>(after.load(*before.subtask->save())));
  REQUIRE(after.subtask->ended());
  after.subtask->tell_end();
  CHECK(after.host.is_prepared);
  REQUIRE(!after.host.wire.all.empty());
  CHECK(after.host.wire.all.back().marked == leat::end_mark);
}
