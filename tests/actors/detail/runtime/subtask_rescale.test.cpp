// The subtasks of a stage are saved at a barrier, and another number of them goes on: together they
// emit what one alone would.
#include <leat/detail/runtime/subtask.hpp>

#include <leat/sink.hpp>

#include "subtask_runs.hpp"

using support::text_item;
using namespace saving;

namespace {

struct seen {
  std::vector<std::string> records, letters; // sorted, as subtasks emit them side by side
  std::uint64_t records_in = 0, records_out = 0, timers_dropped = 0;
  friend bool operator==(const seen&, const seen&) = default;
};

// All subtasks of a stage.
class fleet {
public:
  fleet(const sample& of, std::size_t size, bool checkpoints = false) : of_(of) {
    for (std::size_t i = 0; i < size; ++i) {
      auto h = std::make_unique<hosted_subtask>(of, wide);
      h->settings.services.subtask = i, h->settings.services.subtasks = size;
      h->settings.services.checkpoints = checkpoints;
      h->subtask.emplace(of.make(), h->settings, h->host, h->metrics);
      REQUIRE(static_cast<bool>(h->subtask->open()));
      all_.push_back(std::move(h));
    }
  }

  void give(const step& s) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      step own = s;
      std::erase_if(own.records, [&](const arrival& a) { return subtask_for(a) != i; });
      if (own.promise || own.last || !own.records.empty())
        all_[i]->give(own, of_);
    }
  }

  std::vector<std::string> save(const std::vector<bool>& ended) {
    std::vector<std::string> states(all_.size());
    for (std::size_t i = 0; i < all_.size(); ++i) {
      all_[i]->host.when_passed = [&, i] {
        note(*all_[i]);
        states[i] = *all_[i]->subtask->save();
      };
      leat::frame f;
      f.barrier_at = std::make_shared<leat::barrier>(leat::barrier{1, {}});
      for (std::size_t c = 0; c < of_.channels; ++c)
        if (!ended[c])
          all_[i]->give(c, f);
      REQUIRE(!states[i].empty());
    }
    return states;
  }

  void load(const std::vector<std::string>& states, bool own_alone) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      std::vector<std::string_view> given(states.begin(), states.end());
      if (own_alone && states.size() == all_.size())
        given = {states[i]};
      REQUIRE(static_cast<bool>(all_[i]->load(given)));
    }
  }

  void end() {
    for (const auto& h : all_) {
      h->grant_until(h->host.is_done);
      note(*h);
    }
  }

  seen got;
  leat::stamp promised = leat::end_of_stamps; ///< by all of them, on the first port

private:
  static constexpr leat::credit wide{1'000'000, 1'000'000'000, 1'000'000'000'000};

  std::size_t subtask_for(const arrival& a) const {
    if (of_.name == "everything")
      return leat::subtask_of(leat::key_group_of(leat::key_hash(a.record.text)), all_.size());
    return a.e.at.position % all_.size();
  }

  void note(const hosted_subtask& h) {
    leat::stamp told;
    for (const auto& s : h.host.wire.all) {
      if (s.marked && s.port == 0)
        told = std::max(told, s.marked->progress);
      if (s.content.size() == 0)
        continue;
      leat::envelope_cursor envelopes(s.content.records->envelopes, leat::all_columns);
      for (std::size_t i = 0; i < s.content.size(); ++i)
        got.records.push_back(fmt::format("{} {:?} {}", s.port, of_.text(*s.content.records, i),
                                          text_of(envelopes.at(i))));
    }
    promised = std::min(promised, told);
    for (const auto& l : h.letters.letters)
      got.letters.push_back(l.reason + " " + l.place + " " + l.raw);
    got.records_in += h.metrics.counters.records_in;
    got.records_out += h.metrics.counters.records_out;
    got.timers_dropped += h.metrics.counters.timers_dropped;
  }

  const sample& of_;
  std::vector<std::unique_ptr<hosted_subtask>> all_;
};

sample some_stage(support::dice& roll) {
  for (;;) {
    sample of = any_sample(roll);
    if (of.stamped && of.name != "actor") // each subtask of that says when it ends
      return of;
  }
}

// What was promised before a step, on a channel.
step promise_before(const std::vector<step>& input, std::size_t at, std::size_t channel) {
  step to{.channel = channel, .promise = leat::mark{}};
  for (std::size_t i = 0; i < at; ++i) {
    const step& s = input[i];
    if (s.channel != channel)
      continue;
    if (s.promise)
      to.promise->progress = std::max(to.promise->progress, s.promise->progress);
    if (!s.records.empty())
      to.promise->progress = leat::with_descendants(s.records.back().e.at);
    to.last = to.last || s.last;
  }
  if (to.last)
    to.promise.reset();
  return to;
}

seen sorted(std::vector<seen> parts) {
  seen all;
  for (seen& s : parts) {
    std::ranges::move(s.records, std::back_inserter(all.records));
    std::ranges::move(s.letters, std::back_inserter(all.letters));
    all.records_in = s.records_in, all.records_out = s.records_out; // those before are loaded
    all.timers_dropped = s.timers_dropped;
  }
  std::ranges::sort(all.records);
  std::ranges::sort(all.letters);
  return all;
}

} // namespace

TEST_CASE("a stage goes on with any number of subtasks as if it had always had one") {
  int rescaled = 0;
  support::for_seeds(600, [&](support::dice roll) {
    const sample of = some_stage(roll);
    INFO(of.name << " of " << of.channels);
    const auto input = any_input(roll, of.channels, {.records = 40, .frame = 6});
    fleet undisturbed(of, 1);
    for (const step& s : input)
      undisturbed.give(s);
    undisturbed.end();

    std::vector<seen> parts;
    auto now = std::make_unique<fleet>(of, roll.size(1, 5));
    std::vector<bool> ended(of.channels);
    for (std::size_t i = 0; i < input.size(); ++i) {
      if (roll(0, 30) == 0 && some_open(input, i)) {
        const auto states = now->save(ended);
        parts.push_back(now->got);
        now = std::make_unique<fleet>(of, roll.size(1, 5));
        rescaled += states.size() > 1;
        now->load(states, roll.coin());
        for (std::size_t c = 0; c < of.channels; ++c)
          now->give(promise_before(input, i, c));
      }
      now->give(input[i]);
      ended[input[i].channel] = ended[input[i].channel] || input[i].last;
    }
    now->end();
    parts.push_back(now->got);
    CHECK(sorted(parts) == sorted({undisturbed.got}));
  });
  CHECK(rescaled > 200);
}

namespace {

// Counts commits, and remembers what its subtasks go on from.
struct counting_sink {
  std::map<std::string, int>* commits;
  std::map<std::string, int>* restored;
  std::string written = {};
  void write(std::span<const text_item> items) {
    for (const text_item& i : items)
      written += i.text;
  }
  std::optional<std::string> prepare(leat::epoch) {
    return written.empty() ? std::optional<std::string>{} : std::exchange(written, {});
  }
  void commit(const std::string& what) { ++(*commits)[what]; }
  void restore(const std::string& what) { ++(*restored)[what]; }
};

} // namespace

TEST_CASE("what the sinks of a stage have prepared is committed once, by any number of them") {
  for (std::size_t before = 1; before < 5; ++before)
    for (std::size_t after = 1; after < 5; ++after)
      for (std::size_t again = 1; again < 5; ++again) {
        INFO(before << " then " << after << " then " << again);
        std::map<std::string, int> commits, restored;
        const sample of{.name = "sink",
                        .make =
                            [&] {
                              return std::make_shared<leat::sink_stage<text_item, counting_sink>>(
                                  counting_sink{&commits, &restored}, 0ns);
                            },
                        .lanes = {}};
        fleet first(of, before, true);
        std::map<std::string, int> once;
        for (std::uint64_t i = 0; i < before; ++i) {
          const std::string text = "output " + std::to_string(i);
          once[text] = 1;
          first.give({.records = {{{0, text}, {support::at(1, i)}}}});
        }
        const auto states = first.save({false});
        fleet second(of, after, true);
        second.load(states, true);
        CHECK(commits == once);
        CHECK(restored == once);
        const auto unchanged = second.save({false}); // nothing was prepared since
        fleet third(of, again, true);
        third.load(unchanged, true);
        CHECK(commits == once);
        for (auto& [text, times] : once)
          times = 2;
        CHECK(restored == once);
      }
}
