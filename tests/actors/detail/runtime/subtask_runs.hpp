// A sample at work over random input, and what came of it.
#pragma once

#include "subtask_input.hpp"
#include "support/subtask_host.hpp"

namespace saving {

// What a subtask has done, as far as it may not depend on barriers.
struct outcome {
  std::map<std::pair<std::size_t, std::size_t>, std::vector<std::string>> sent; // by port and lane
  std::vector<std::string> letters;
  std::uint64_t records_in = 0;
  std::uint64_t records_out = 0;
};

inline std::string first_difference(const std::vector<std::string>& a,
                                    const std::vector<std::string>& b) {
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    if (i >= a.size() || i >= b.size() || a[i] != b[i])
      return fmt::format("{} instead of {}", i < a.size() ? a[i] : "nothing",
                         i < b.size() ? b[i] : "nothing");
  return {};
}

// Empty if there is none.
inline std::string difference(const outcome& a, const outcome& wanted) {
  for (const auto* o : {&a, &wanted})
    for (const auto& [where, records] : o->sent)
      if (!a.sent.contains(where) || !wanted.sent.contains(where))
        return fmt::format("port {} lane {} sent records in one run only", where.first,
                           where.second);
      else if (const auto d = first_difference(a.sent.at(where), wanted.sent.at(where)); !d.empty())
        return fmt::format("port {} lane {}: {}", where.first, where.second, d);
  if (const auto d = first_difference(a.letters, wanted.letters); !d.empty())
    return "dead letters: " + d;
  if (a.records_in != wanted.records_in || a.records_out != wanted.records_out)
    return fmt::format("counted {} and {} instead of {} and {}", a.records_in, a.records_out,
                       wanted.records_in, wanted.records_out);
  return {};
}

inline std::string text_of(const leat::envelope& e) {
  const auto& [time, source, split, position, path] = e.at;
  std::string path_text;
  leat::put_plain(path_text, path);
  return fmt::format("{} {}.{}.{} {:?} {} {} {}", time.time_since_epoch().count(), source, split,
                     position, path_text, e.time.time_since_epoch().count(), e.late, e.ingested);
}

// Adds what was sent to the outcome, and checks that stamps rise and that promises are kept, over
// all subtasks that came one after the other.
class account {
public:
  account(render text, bool late_take_promise)
      : text_(text), late_take_promise_(late_take_promise) {}

  void add(const support::kept_frames::sent& s) {
    lane& l = lanes_[{s.port, s.lane}];
    if (s.marked)
      l.promised = std::max(l.promised, s.marked->progress);
    if (s.content.size() == 0)
      return;
    const auto& envelopes = s.content.records->envelopes;
    leat::envelope_cursor cursor(envelopes, leat::all_columns);
    for (std::size_t i = 0; i < s.content.size(); ++i) {
      const leat::envelope e = cursor.at(i);
      if (envelopes.stamped()) {
        INFO(text_of(e) << " after " << text_of({l.last}) << ", promised "
                        << text_of({l.promised}));
        if (late_take_promise_) { // as their stamp
          CHECK(e.at >= l.last);
          CHECK(e.at >= l.promised);
        } else {
          CHECK(e.at > l.last);
          CHECK(e.at > l.promised);
        }
        l.last = e.at;
      }
      all.sent[{s.port, s.lane}].push_back(
          fmt::format("{:?} {}", text_(*s.content.records, i), text_of(e)));
    }
  }

  outcome all;

private:
  struct lane {
    leat::stamp last;
    leat::stamp promised;
  };
  render text_;
  bool late_take_promise_;
  std::map<std::pair<std::size_t, std::size_t>, lane> lanes_;
};

// A subtask in the hands of the test.
struct hosted_subtask {
  support::set_clock clock;
  support::kept_letters letters;
  support::kept_requests host;
  leat::subtask_metrics metrics;
  leat::subtask::settings settings;
  std::optional<leat::subtask> subtask;
  std::vector<std::uint64_t> delivered; // frames, by channel
  std::size_t settled = 0;              // of what was sent, its credit returned

  hosted_subtask(const sample& of, const leat::credit& window) : metrics(of.lanes.size()) {
    leat::input_edge edge{.from = "before", .type = "text_item"};
    edge.codec = of.takes_scores ? leat::row_codec_of<leat::scored<text_item>>()
                                 : leat::row_codec_of<text_item>();
    settings.channels.assign(of.channels, std::make_shared<const leat::input_edge>(edge));
    settings.ordered = of.ordered;
    settings.credit_limit = {1'000'000, 1'000'000'000, 1'000'000'000'000};
    settings.services.stage = of.name;
    settings.services.stage_number = 3;
    settings.services.time = &clock;
    settings.services.dead_letters = &letters;
    settings.services.keep_order = true;
    settings.services.out_of_order = disorder;
    settings.services.wake_soon = [] {};
    settings.services.limits.records = 4;
    for (const std::size_t lanes : of.lanes)
      settings.ports.push_back({lanes, of.stamped ? leat::all_columns : leat::carried_columns{},
                                window, settings.services.limits});
    delivered.assign(of.channels, 0);
    subtask.emplace(of.make(), settings, host, metrics);
    REQUIRE(static_cast<bool>(subtask->open()));
  }

  leat::result<void> load(const std::vector<std::string_view>& saved) {
    for (const std::string_view part : saved)
      if (auto loaded = subtask->load(part); !loaded)
        return loaded;
    return subtask->begin();
  }
  leat::result<void> load(std::string_view saved) { return load(std::vector{saved}); }

  void give(std::size_t channel, leat::frame f) {
    ++delivered[channel];
    subtask->receive(channel, std::move(f));
  }
  void give(const step& s, const sample& of) {
    if (s.passes > 0us)
      pass(s.passes);
    else if (s.promise)
      subtask->promised(s.channel, *s.promise, delivered[s.channel]);
    else
      give(s.channel, frame_of(s, of));
  }

  // Time passes, and the wake-ups come that are due.
  void pass(std::chrono::nanoseconds time) {
    clock.time += time.count();
    const auto due = [&](const auto& timer) { return timer.first <= clock.time; };
    for (auto& timers = host.timers; std::any_of(timers.begin(), timers.end(), due);) {
      const auto first = std::find_if(timers.begin(), timers.end(), due);
      const std::uint64_t number = first->second;
      timers.erase(first);
      subtask->woken(number);
    }
  }

  // Returns the credit of so many frames.
  void grant(std::size_t frames) {
    for (; frames > 0 && settled < host.wire.all.size(); ++settled)
      if (const auto& s = host.wire.all[settled]; s.content.size() > 0)
        --frames, subtask->granted(s.port, s.lane, s.content.cost());
  }
  void grant_until(const bool& reached) {
    for (int n = 0; !reached && n < 10'000; ++n)
      grant(1), subtask->idle();
    REQUIRE(reached);
  }
};

enum class way { undisturbed, with_barrier, saved_and_loaded };

// Runs a sample over an input, with a barrier on each channel before a step of its own.
class test_run {
public:
  test_run(const sample& of, const std::vector<step>& input, const shape& like, support::dice roll)
      : of_(of), input_(input), like_(like), roll_(std::move(roll)),
        account_(of.text, like.idle || like.timed) {
    if (!like.idle && !like.timed && of.ordered && roll_.coin())
      window_ = {roll_(1, 3), roll_(1, 20), 1'000'000};
    start();
  }

  outcome run(way how, const std::vector<std::size_t>& cuts = {}) {
    INFO("way " << static_cast<int>(how));
    std::vector<bool> ended(of_.channels);
    std::size_t met = 0;
    for (std::size_t i = 0; i < input_.size(); ++i) {
      for (std::size_t c = 0; c < cuts.size(); ++c)
        if (cuts[c] == i)
          meet_barrier(c, ended[c]), ++met;
      if (met == of_.channels && met > 0) {
        met = 0;
        pass(how, cuts, i);
      }
      deliver(i);
      ended[input_[i].channel] = ended[input_[i].channel] || input_[i].last;
    }
    now_->grant_until(now_->host.is_done);
    note(now_->host.wire.all.size(), now_->letters.letters.size());
    account_.all.records_in = now_->metrics.counters.records_in;
    account_.all.records_out = now_->metrics.counters.records_out;
    return account_.all;
  }

  std::string saved; // at the last barrier

private:
  void start() {
    const leat::clock_time time = now_ ? now_->clock.time : leat::clock_time{1'000'000'000};
    now_ = std::make_unique<hosted_subtask>(of_, window_);
    now_->clock.time = time;
    now_->host.when_passed = [this] {
      passed_ = true;
      sent_before_ = now_->host.wire.all.size();
      letters_before_ = now_->letters.letters.size();
      auto bytes = now_->subtask->save();
      REQUIRE(static_cast<bool>(bytes));
      saved = *bytes;
    };
  }

  void deliver(std::size_t i) {
    now_->give(input_[i], of_);
    if (like_.idle || like_.timed)
      now_->subtask->idle(); // so that what is promised does not depend on when it was flushed
    else if (roll_.coin())
      now_->grant(roll_.size(0, 3));
  }

  void meet_barrier(std::size_t channel, bool ended) {
    leat::frame f;
    f.barrier_at = std::make_shared<leat::barrier>(leat::barrier{1, {}});
    if (roll_.coin())
      now_->subtask->inject(f.barrier_at);
    if (!ended)
      now_->give(channel, std::move(f));
  }

  // All channels have met the barrier, or have ended, before step `at`.
  void pass(way how, const std::vector<std::size_t>& cuts, std::size_t at) {
    now_->grant_until(passed_);
    if (how == way::saved_and_loaded)
      replace(cuts, at);
    if (like_.idle) // flags are not saved: senders say it again
      for (const step* s : last_promises(at))
        if (s && s->promise->idle)
          now_->give(*s, of_);
  }

  void replace(const std::vector<std::size_t>& cuts, std::size_t at) {
    note(sent_before_, letters_before_);
    const auto again = saved_after_load(saved);
    CHECK(saved_after_load(again) == again);
    start();
    REQUIRE(static_cast<bool>(now_->load(roll_.coin() ? saved : again)));
    for (std::size_t c = 0; c < of_.channels; ++c)
      tell_again(c, cuts[c]);
    for (std::size_t i = 0; i < at; ++i)
      if (i >= cuts[input_[i].channel])
        deliver(i);
  }

  std::string saved_after_load(std::string_view bytes) {
    hosted_subtask loaded(of_, window_);
    REQUIRE(static_cast<bool>(loaded.load(bytes)));
    return *loaded.subtask->save();
  }

  // A restored sender promises what it had promised, or ends again.
  void tell_again(std::size_t channel, std::size_t cut) {
    leat::mark said;
    bool ended = false;
    for (std::size_t i = 0; i < cut; ++i) {
      const step& s = input_[i];
      if (s.channel != channel)
        continue;
      if (s.promise)
        said.progress = std::max(said.progress, s.promise->progress);
      if (!s.records.empty())
        said.progress = leat::with_descendants(s.records.back().e.at);
      ended = ended || s.last;
    }
    leat::frame end;
    end.last = true;
    if (ended)
      now_->give(channel, end);
    else
      now_->subtask->promised(channel, said, 0);
  }

  // Of each channel that has brought nothing since.
  std::vector<const step*> last_promises(std::size_t end) const {
    std::vector<const step*> last(of_.channels);
    for (std::size_t i = 0; i < end; ++i)
      last[input_[i].channel] = input_[i].promise ? &input_[i] : nullptr;
    return last;
  }

  void note(std::size_t sent, std::size_t letters) {
    for (std::size_t i = 0; i < sent; ++i)
      account_.add(now_->host.wire.all[i]);
    for (std::size_t i = 0; i < letters; ++i) {
      const auto& l = now_->letters.letters[i];
      account_.all.letters.push_back(l.reason + " " + l.place + " " + l.raw);
    }
  }

  const sample& of_;
  const std::vector<step>& input_;
  const shape like_;
  support::dice roll_;
  leat::credit window_{1'000'000, 1'000'000'000, 1'000'000'000'000};
  account account_;
  std::unique_ptr<hosted_subtask> now_;
  bool passed_ = false;
  std::size_t sent_before_ = 0;
  std::size_t letters_before_ = 0;
};

// Whether a barrier before this step comes before the end of all channels.
inline bool some_open(const std::vector<step>& input, std::size_t at) {
  return std::any_of(input.begin() + static_cast<std::ptrdiff_t>(at), input.end(),
                     [](const step& s) { return s.last; });
}

} // namespace saving
