// A subtask is saved at a barrier and loaded into a fresh one, which goes on as if nothing had
// happened: random input is run undisturbed, and again with a barrier anywhere in it.
#include <leat/detail/runtime/subtask.hpp>

#include <leat/detail/stage/actor_stage.hpp>
#include <leat/detail/stage/batching_stage.hpp>
#include <leat/detail/stage/keyed_stage.hpp>
#include <leat/detail/stage/merge_stage.hpp>
#include <leat/detail/stage/scoring_stage.hpp>
#include <leat/sink.hpp>

#include "support/dice.hpp"
#include "support/hosted.hpp"
#include "support/subtask_host.hpp"

#include <fmt/format.h>

using support::at;
using support::text_item;
using namespace std::chrono_literals;

namespace {

// --- stages -----------------------------------------------------------------------------------

struct sum_and_count {
  std::uint64_t sum = 0; // wraps around where bytes were changed
  std::uint32_t count = 0;
  static constexpr auto fields =
      leat::fields("sum_and_count", leat::field("sum", &sum_and_count::sum),
                   leat::field("count", &sum_and_count::count));
  void add(std::int64_t x) { sum += static_cast<std::uint64_t>(x), ++count; }
  std::uint64_t result() const { return sum * 3 + count; }
};

// Uses all kinds of state, timers, dead letters and a side output. All that it emits says what all
// states of the key are.
struct everything {
  using output_type = text_item;
  leat::value_state<std::string> last;
  leat::list_state<std::int64_t> recent;
  leat::map_state<std::int8_t, std::string> by_digit;
  leat::aggregating_state<sum_and_count> sum;
  leat::timer soon;
  leat::timer later;
  leat::side_output<text_item> side;

  void open(leat::setup& setup) {
    last = setup.value<std::string>("last");
    recent = setup.list<std::int64_t>("recent");
    by_digit = setup.map<std::int8_t, std::string>("by digit");
    sum = setup.aggregating<sum_and_count>("sum");
    soon = setup.timer("soon");
    later = setup.timer("later");
    side = setup.side<text_item>("side");
  }

  leat::result<void> process(const text_item& i, leat::emitter<text_item>& out,
                             leat::event_context& ctx) {
    if (i.number % 7 == 6)
      return leat::user_error("a six");
    const auto digit = static_cast<std::int8_t>(i.number % 5);
    ctx.edit(last) = i.text + std::to_string(i.number);
    ctx.append(recent, i.number);
    if (ctx.get(recent).size() > 3)
      ctx.erase(recent);
    ctx.edit(by_digit, digit) += 'x';
    if (digit == 4)
      ctx.erase(by_digit);
    ctx.add(sum, i.number);
    if (i.number % 3 == 0)
      ctx.set(soon, ctx.event_time() + std::chrono::microseconds(i.number % 4));
    if (i.number % 4 == 0)
      ctx.set(later, ctx.event_time() + 9us);
    if (i.number % 11 == 0)
      ctx.cancel(later, ctx.event_time() + 8us);
    for (std::int64_t n = i.number % 3; n >= 0; --n)
      out({i.number, states("record", ctx)});
    if (i.number % 2 == 0)
      side({i.number, i.text});
    return {};
  }

  void on_timer(const std::string& key, const leat::timer& which, leat::emitter<text_item>& out,
                leat::event_context& ctx) {
    out({-1, states(which == soon ? "soon " : "later ", ctx)});
    side({-2, key});
    ctx.append(recent, -1);
    if (which == later && ctx.get(sum) % 2 == 0)
      ctx.set(soon, ctx.event_time() + 5us);
    if (ctx.get(sum) % 5 == 0)
      forget(ctx);
  }

  void forget(leat::event_context& ctx) {
    ctx.erase(last), ctx.erase(recent), ctx.erase(by_digit), ctx.erase(sum);
  }

  std::string states(std::string text, const leat::event_context& ctx) const {
    text += fmt::format(" {} {} {};", ctx.get(last), ctx.get(sum),
                        ctx.watermark().time_since_epoch().count());
    for (const std::int64_t n : ctx.get(recent))
      text += fmt::format(" {}", n);
    for (const auto& [digit, xs] : ctx.get(by_digit))
      text += fmt::format(" {}:{}", digit, xs);
    return text;
  }
};

// Needs no stamps.
struct running_number {
  using output_type = text_item;
  leat::value_state<std::int64_t> count;
  void open(leat::setup& setup) { count = setup.value<std::int64_t>("count"); }
  leat::result<void> process(const text_item& i, leat::emitter<text_item>& out,
                             leat::context& ctx) {
    if (i.number % 5 == 4)
      return leat::user_error("a four");
    out({++ctx.edit(count), i.text});
    return {};
  }
};

struct by_number final : leat::model<text_item> {
  void predict(std::span<const text_item> rows, std::span<float> scores) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].number % 7 == 5)
        throw leat::failure(leat::user_error("a five"));
      scores[i] = static_cast<float>(rows[i].number);
    }
  }
};

struct echo final : leat::record_handler<text_item, text_item> {
  using stage = leat::actor_stage<text_item, text_item>;
  void process_stretch(stage& s, leat::frame& f, std::size_t& next, std::size_t end) override {
    s.each(f, next, end, [](const text_item& i, leat::emitter<text_item>& out) {
      for (std::int64_t n = i.number % 3; n > 0; --n)
        out(i);
    });
  }
  void end_of_input(leat::emitter<text_item>& out) override { out({-1, "end"}); }
};

struct texts {
  std::vector<text_item> operator()(const text_item& i) const {
    std::vector<text_item> all;
    for (std::int64_t n = 0; n < i.number % 4; ++n)
      all.push_back({n, i.text});
    return all;
  }
};

const auto by_text = [](const text_item& i) { return i.text; };

// Into three branches, of which one expands and is hashed over lanes, and one forks again.
leat::fanout<text_item> into_branches() {
  using hash = leat::hash_route<decltype(by_text)>;
  using none = leat::pass<text_item>;
  using hashed = leat::routed_end<text_item, hash>;
  using forked = leat::forked_end<text_item>;
  leat::fanout<text_item> to;
  using expand = leat::flat_map_step<none, texts>;
  to.add(std::make_unique<leat::chain_branch<expand, hashed>>(expand({}, texts{}),
                                                              hashed(hash{by_text}, 0)));
  const auto odd = [](const text_item& i) { return i.number % 2 != 0; };
  using filter = leat::filter_step<none, decltype(odd)>;
  auto again = support::into_port<text_item>();
  again.add(std::make_unique<leat::chain_branch<filter, hashed>>(filter{{}, odd},
                                                                 hashed(hash{by_text}, 0), 1));
  to.add(std::make_unique<leat::chain_branch<filter, forked>>(filter{{}, odd},
                                                              forked(std::move(again))));
  return to;
}

using render = std::string (*)(const leat::rows&, std::size_t);

template <class T>
std::string render_row(const leat::rows& rows, std::size_t i) {
  std::string text;
  std::array<leat::model_ref, 2> models;
  leat::write_row(text, static_cast<const leat::rows_of<T>&>(rows).records[i], models.data());
  return text;
}

// What a test runs.
struct sample {
  std::string name;
  std::function<std::shared_ptr<leat::stage>()> make;
  std::vector<std::size_t> lanes = {1}; // of each port
  std::size_t channels = 1;
  bool ordered = true;
  bool stamped = true;
  bool takes_scores = false;
  render text = render_row<text_item>;
};

std::shared_ptr<leat::stage> make_everything() {
  leat::side_ports sides;
  sides.emplace("side",
                std::make_unique<leat::side_port_of<text_item>>(support::into_port<text_item>()));
  using stage = leat::keyed_stage<text_item, decltype(by_text), everything>;
  return std::make_shared<stage>(by_text, everything{}, into_branches(), std::move(sides));
}

std::shared_ptr<leat::stage> make_running_number() {
  using stage = leat::keyed_stage<text_item, decltype(by_text), running_number>;
  return std::make_shared<stage>(by_text, running_number{}, support::into_port<text_item>(),
                                 leat::side_ports{});
}

std::shared_ptr<leat::stage> make_scoring() {
  auto model = std::make_shared<by_number>();
  model->identity = leat::model_ref::intern({"model", "sha"});
  return std::make_shared<leat::scoring_stage<text_item, float>>(
      model, support::into_port<leat::scored<text_item>>());
}

std::shared_ptr<leat::stage> make_echo() {
  struct both {
    echo handler;
    echo::stage stage{support::into_port<text_item>()};
  };
  auto made = std::make_shared<both>();
  made->stage.bind(made->handler);
  return {made, &made->stage};
}

std::shared_ptr<leat::stage> make_merge() {
  return std::make_shared<leat::merge_stage<text_item>>(support::into_port<text_item>());
}

sample any_sample(support::dice& roll) {
  using scored = leat::scored<text_item>;
  const std::size_t several = roll.size(1, 5);
  const auto batching = roll.one_of<leat::any_batching>(
      {leat::batch{}, leat::record_at_a_time{}, leat::micro_batch{3, 1h}});
  switch (roll(0, 7)) {
  case 0:
    return {.name = "states", .make = make_running_number, .ordered = false, .stamped = false};
  case 1:
    return {.name = "merge",
            .make = [] { return std::make_shared<leat::merge_stage<text_item>>(into_branches()); },
            .lanes = {3, 1, 2},
            .channels = several};
  case 2:
    return {.name = "scores",
            .make =
                [] {
                  return std::make_shared<leat::merge_stage<scored>>(support::into_port<scored>());
                },
            .channels = several,
            .takes_scores = true,
            .text = render_row<scored>};
  case 3:
    return {.name = "batching",
            .make =
                [batching] {
                  return std::make_shared<leat::batching_stage<text_item>>(
                      batching, support::into_port<text_item>());
                },
            .channels = several};
  case 4:
    return {
        .name = "scoring", .make = make_scoring, .channels = several, .text = render_row<scored>};
  case 5:
    return {.name = "actor", .make = make_echo, .channels = several};
  default:
    return {
        .name = "everything", .make = make_everything, .lanes = {3, 1, 2, 1}, .channels = several};
  }
}

// --- input ------------------------------------------------------------------------------------

struct arrival {
  text_item record;
  leat::envelope e;
};

// What comes on a channel: records, a promise, the end, or the first together with the last.
struct step {
  std::size_t channel = 0;
  std::vector<arrival> records = {};
  std::optional<leat::mark> promise = {};
  bool last = false;
  leat::event_time ended_at = leat::begin_of_time;
};

constexpr auto disorder = 3us;

std::vector<arrival> records_of_split(support::dice& roll, std::uint32_t split, int count) {
  std::vector<arrival> all;
  std::int64_t time = 10;
  for (int n = 1; n <= count; ++n) {
    time += roll(0, 4);
    const auto number = static_cast<std::int64_t>(roll(0, 40));
    arrival a{{number, fmt::format("a long text, {}", roll(0, 4))}, {}};
    a.e.at = at(time, static_cast<std::uint64_t>(n), split);
    a.e.time = leat::from_micros(time - roll(0, 4));
    a.e.late = roll(0, 5) == 0;
    a.e.ingested = 1'000'000 + n / 3;
    all.push_back(std::move(a));
  }
  return all;
}

struct shape {
  int records = 12; ///< of a channel, at most
  int frame = 4;    ///< records in one, at most
  bool idle = false;
};

std::vector<step> any_input(support::dice& roll, std::size_t channels, const shape& like) {
  struct split {
    std::vector<arrival> records;
    std::size_t next = 0;
    bool ended = false;
  };
  std::vector<split> splits;
  for (std::uint32_t c = 0; c < channels; ++c)
    splits.push_back({records_of_split(roll, c, roll(0, like.records + 1))});
  std::vector<step> all;
  for (std::size_t open = channels; open > 0;) {
    const std::size_t c = roll.size(0, channels);
    split& s = splits[c];
    if (s.ended)
      continue;
    const std::size_t left = s.records.size() - s.next;
    if (roll(0, 3) == 0) {
      leat::stamp progress =
          s.next > 0 ? leat::with_descendants(s.records[s.next - 1].e.at) : leat::stamp{};
      if (left > 0 && roll.coin())
        progress = leat::all_before(s.records[s.next].e.at);
      all.push_back(
          {.channel = c, .promise = leat::mark{progress, like.idle && roll.coin(), false}});
      continue;
    }
    const auto n =
        std::min(left, roll.size(left > 0 ? 1 : 0, static_cast<std::size_t>(like.frame) + 1));
    step next{.channel = c};
    next.records.assign(s.records.begin() + static_cast<std::ptrdiff_t>(s.next),
                        s.records.begin() + static_cast<std::ptrdiff_t>(s.next + n));
    s.next += n;
    next.last = s.next == s.records.size() && (n == 0 || roll.coin());
    if (next.last) {
      s.ended = true, --open;
      if (!s.records.empty())
        next.ended_at = s.records.back().e.at.time;
    }
    all.push_back(std::move(next));
  }
  return all;
}

template <class T, class Make>
leat::frame frame_of(const step& s, bool stamped, Make make) {
  leat::frame f;
  if (!s.records.empty()) {
    auto rows = std::make_shared<leat::rows_of<T>>();
    for (const arrival& a : s.records)
      rows->add(make(a.record), a.e, stamped ? leat::all_columns : leat::carried_columns{});
    f.records = std::move(rows);
  }
  f.last = s.last;
  f.ended_at = s.ended_at;
  f.paid = f.cost();
  return f;
}

leat::frame frame_of(const step& s, const sample& of) {
  if (!of.takes_scores)
    return frame_of<text_item>(s, of.stamped, [](const text_item& i) { return i; });
  return frame_of<leat::scored<text_item>>(s, of.stamped, [](const text_item& i) {
    return leat::scored<text_item>{
        i, static_cast<float>(i.number),
        leat::model_ref::intern({fmt::format("model {}", i.number % 2), "sha"})};
  });
}

// --- runs -------------------------------------------------------------------------------------

// What a subtask has done, as far as it may not depend on barriers.
struct outcome {
  std::map<std::pair<std::size_t, std::size_t>, std::vector<std::string>> sent; // by port and lane
  std::vector<std::string> letters;
  std::uint64_t records_in = 0;
  std::uint64_t records_out = 0;
};

std::string first_difference(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    if (i >= a.size() || i >= b.size() || a[i] != b[i])
      return fmt::format("{} instead of {}", i < a.size() ? a[i] : "nothing",
                         i < b.size() ? b[i] : "nothing");
  return {};
}

// Empty if there is none.
std::string difference(const outcome& a, const outcome& wanted) {
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

std::string text_of(const leat::envelope& e) {
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

  void give(std::size_t channel, leat::frame f) {
    ++delivered[channel];
    subtask->receive(channel, std::move(f));
  }
  void give(const step& s, const sample& of) {
    if (s.promise)
      subtask->promised(s.channel, *s.promise, delivered[s.channel]);
    else
      give(s.channel, frame_of(s, of));
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
      : of_(of), input_(input), like_(like), roll_(std::move(roll)), account_(of.text, like.idle) {
    if (!like.idle && of.ordered && roll_.coin())
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
    now_ = std::make_unique<hosted_subtask>(of_, window_);
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
    if (like_.idle)
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
    start();
    REQUIRE(static_cast<bool>(now_->subtask->load(saved)));
    const auto again = now_->subtask->save();
    CHECK((again && *again == saved));
    for (std::size_t i = 0; i < at; ++i)
      if (i >= cuts[input_[i].channel])
        deliver(i);
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
bool some_open(const std::vector<step>& input, std::size_t at) {
  return std::any_of(input.begin() + static_cast<std::ptrdiff_t>(at), input.end(),
                     [](const step& s) { return s.last; });
}

} // namespace

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
      CHECK(!hosted_subtask(of, window).subtask->load(run.saved.substr(0, size)));
    CHECK(!hosted_subtask(of, window).subtask->load(run.saved + '\0'));
    for (std::size_t i = 0; i < run.saved.size(); i += roll.size(1, 4)) {
      std::string changed = run.saved;
      changed[i] = static_cast<char>(changed[i] ^ (1 << roll(0, 8)));
      hosted_subtask other(of, window);
      if (!other.subtask->load(changed))
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
    std::string bytes = *hosted_subtask(of, window).subtask->save();
    change(other, bytes);
    other.subtask.emplace(by.make(), other.settings, other.host, other.metrics);
    REQUIRE(static_cast<bool>(other.subtask->open()));
    const auto loaded = other.subtask->load(bytes);
    return loaded ? std::string("loaded") : loaded.error().what;
  };
  const auto as_it_is = [](hosted_subtask&, std::string&) {};
  CHECK(error_of(of, as_it_is) == "loaded");
  CHECK(error_of(of, [](hosted_subtask& h, std::string&) { h.settings.services.subtasks = 4; }) ==
        "the saved state of subtask 0 of 1 of stage \"merge\" cannot be loaded by subtask 0 of 4 "
        "of stage \"merge\"");
  CHECK(error_of(of, [](hosted_subtask& h, std::string&) { h.settings.services.stage = "m"; }) ==
        "the saved state of subtask 0 of 1 of stage \"merge\" cannot be loaded by subtask 0 of 1 "
        "of stage \"m\"");
  sample wider = of;
  wider.channels = 3;
  CHECK(error_of(wider, as_it_is) == "the inputs of subtask 0 of 1 of stage \"merge\" differ from "
                                     "those that it was saved with");
  sample scores = of;
  scores.takes_scores = true;
  CHECK(error_of(scores, as_it_is).starts_with("the inputs of subtask 0"));
  CHECK(error_of(of, [](hosted_subtask&, std::string& bytes) { bytes[0] = 9; }) ==
        "the saved subtask has format 9, this program reads format 1");
  CHECK(error_of(of, [](hosted_subtask&, std::string& bytes) { bytes.clear(); }) ==
        "the saved state of subtask 0 of 1 of stage \"merge\" is corrupt");
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
  CHECK(error_of(sink) == "stage \"sink\" cannot be saved");

  using reading = leat::source_stage<support::given<text_item>, leat::no_event_time>;
  hosted_subtask source({.name = "source",
                         .make =
                             [] {
                               return std::make_shared<reading>(support::given<text_item>{},
                                                                leat::no_event_time{},
                                                                support::into_port<text_item>());
                             },
                         .channels = 0},
                        window);
  CHECK(error_of(source) == "source \"source\" cannot be saved");
}

TEST_CASE("a batching that was swapped is saved") {
  const sample of{.name = "batching", .make = [] {
                    return std::make_shared<leat::batching_stage<text_item>>(
                        leat::batch{}, support::into_port<text_item>());
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
  REQUIRE(static_cast<bool>(after.subtask->load(saved)));
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
  REQUIRE(static_cast<bool>(after.subtask->load(saved)));
  after.give(0, item_at(11));
  after.subtask->promised(1, support::mark_at(at(20)), 0);
  CHECK(after.metrics.counters.records_in == 11);
  REQUIRE(after.host.grants.size() == 1);
  CHECK(after.host.grants[0].second.frames == 1);
}

TEST_CASE("a channel that had ended before its subtask was saved brings nothing more") {
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
  REQUIRE(static_cast<bool>(after.subtask->load(saved)));
  CHECK_THROWS_AS(after.give(0, end), leat::failure);
  after.give(1, end);
  CHECK(after.host.is_done);
}
