// Runs one operator, or any stage, without actors and threads. The clock advances only by `elapse`.
//
//   const auto counted = leat::testing::check_operator(
//       count_per_card{}, [](const payment& p) { return p.card; }, payments);
//   CHECK(counted.back().seen == 3);
//
// Results must not depend on frames, on the speed of the consumer, or on control events between
// records. So the same records are run several times: one per frame, all in one frame, in random
// frames, with flushes, marks and barriers between them, and into a full outbox, where every
// emission blocks and has to be resumed. If an output differs, leat::failure is thrown.
#pragma once

#include <leat/detail/stage/keyed_stage.hpp>
#include <leat/detail/transport/chain_branch.hpp>

#include <fmt/format.h>
#include <random>
#include <variant>

namespace leat::testing {

/// Between records: the stage has nothing to do.
struct idle {};
/// Between records: the clock advances by this time, and timers that are due fire.
struct elapse {
  std::chrono::nanoseconds time;
};

/// The input of a stage. Records get the stamps of split 0, from position 1 on.
template <class T>
using input = std::variant<T, mark, barrier, idle, elapse>;

/// The stamp of the record at this position.
inline stamp stamp_of(std::uint64_t position) {
  return {begin_of_time, first_source, 0, position, {}};
}

/// The event times of records; without `of` they have none.
template <class T>
struct event_times {
  std::function<event_time(const T&)> of = nullptr;
  std::chrono::microseconds out_of_order{0};
};

/// The frames of the input, and the credit for the output.
struct options {
  std::size_t most_in_frame = 1; ///< input frames have this many records ...
  bool random_cuts = false;      ///< ... or fewer
  std::size_t output_frame = 256;
  credit credit_limit{1'000'000, 1'000'000'000,
                      1'000'000'000'000}; ///< returned only when the stage is blocked
  bool stamped = true;
  bool crowd = false; ///< blocked stages are asked to go on although nothing has changed
  std::uint64_t seed = 1;
};

/// The output, in order. An index is the number of records before.
template <class T>
struct outcome {
  std::vector<T> records;
  std::vector<stamp> stamps; ///< empty unless options::stamped
  std::vector<clock_time> ingested;
  std::vector<std::pair<std::size_t, mark>> marks;
  std::vector<std::size_t> barriers;
  std::vector<std::size_t> panes; ///< where they end
  std::vector<dead_letter> dead_letters;
  std::size_t waits = 0;          ///< how often the stage was blocked
  std::size_t most_overdrawn = 0; ///< records sent beyond the credit, without the last frame
  std::size_t most_timers = 0;    ///< asked for at a time
  bool ended = false;
};

/// Equal to the bit: a NaN equals itself, 0 is not -0.
template <class T>
bool identical(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::signbit(a) == std::signbit(b) && (a == b || (std::isnan(a) && std::isnan(b)));
  } else if constexpr (is_scored<T>) {
    return identical(a.record, b.record) && identical(a.score, b.score) && a.model == b.model;
  } else if constexpr (record<T>) {
    bool same = true;
    for_each_field<T>([&](const auto& f) { same = same && identical(a.*f.member, b.*f.member); });
    return same;
  } else {
    return a == b;
  }
}

namespace detail {

class standing_clock final : public clock {
public:
  clock_time time = 1'000'000'000;
  clock_time now() const override { return time; }
};

class kept_letters final : public dead_letter_sink {
public:
  std::vector<dead_letter> letters;
  void put(dead_letter letter) override { letters.push_back(std::move(letter)); }
  std::uint64_t count() const override { return letters.size(); }
};

/// The consumer: takes what is sent, and returns credit when asked.
template <class T>
class inbox final : public wire {
public:
  explicit inbox(const options& how) : how_(how) {}

  outcome<T> got;

  void send(std::size_t, std::size_t, frame f) override {
    if (got.ended)
      throw failure(internal_error("the stage sends behind its end"));
    take_records(f);
    for (const std::uint32_t end : f.panes.ends)
      got.panes.push_back(got.records.size() - f.size() + end);
    for (std::size_t i = 0; f.panes.ones && i < f.size(); ++i)
      got.panes.push_back(got.records.size() - f.size() + i + 1);
    if (f.barrier_at)
      got.barriers.push_back(got.records.size());
    got.ended = f.last;
    owed_ += f.cost();
    ++frames_;
    count_promise();
  }

  void promise(std::size_t, const mark& m, std::span<const std::uint64_t> frames) override {
    promised_ = m;
    due_ = frames.front();
    count_promise();
  }

  credit take_owed() { return std::exchange(owed_, {}); }

private:
  // A promise counts once the frames that it stands behind are there.
  void count_promise() {
    if (promised_ && frames_ >= due_)
      got.marks.emplace_back(got.records.size(), *std::exchange(promised_, {}));
  }

  void take_records(const frame& f) {
    if (f.size() == 0)
      return;
    const std::span<const T> records = f.as<T>();
    envelope_cursor envelopes(f.records->envelopes, all_columns);
    for (std::size_t i = 0; i < f.size(); ++i) {
      const envelope& e = envelopes.at(i);
      got.records.push_back(records[i]);
      got.ingested.push_back(e.ingested);
      if (!how_.stamped)
        continue;
      const stamp& s = e.at;
      if (!got.stamps.empty() && s < got.stamps.back())
        throw failure(internal_error("stamps fall along the output"));
      if (!got.marks.empty() && s < got.marks.back().second.progress)
        throw failure(internal_error("a mark overtook records"));
      got.stamps.push_back(s);
    }
  }

  const options& how_;
  credit owed_;
  std::uint64_t frames_ = 0;
  std::optional<mark> promised_;
  std::uint64_t due_ = 0;
};

/// Hosts a stage as the runtime does, step by step.
template <class In, class Out>
class driver {
public:
  driver(const options& how, const event_times<In>& times)
      : how_(how), times_(times), random_(how.seed), box_(how) {}

  template <class Make>
  outcome<Out> run(const Make& make, const std::vector<input<In>>& all) {
    fanout to;
    to.add(std::make_unique<direct_branch>(record_type_of<Out>, routing::forward, 0));
    const std::unique_ptr<stage> made = make(std::move(to));
    stage_ = made.get();
    open();
    for (const auto& one : all)
      std::visit([&](const auto& what) { give(what); }, one);
    give_frame();
    stage_->advance({end_of(highest_), false, false});
    make_room_if_blocked();
    while (!stage_->finish())
      make_room();
    send_event(nullptr, true);
    box_.got.dead_letters = std::move(dead_letters_.letters);
    return std::move(box_.got);
  }

private:
  static constexpr const char* stage_name = "stage";

  void open() {
    edge_settings edge;
    edge.carried = carried();
    edge.credit_limit = how_.credit_limit;
    edge.limits.records = how_.output_frame;
    for (std::size_t i = 0; i < stage_->ports().size(); ++i)
      stage_->ports()[i]->connect(box_, i, edge, clock_);
    stage_services services;
    services.stage = stage_name;
    services.time = &clock_;
    services.dead_letters = &dead_letters_;
    services.counters = &counters_;
    services.latency = &latency_;
    services.limits = edge.limits;
    services.keep_order = true;
    services.out_of_order = times_.out_of_order;
    services.wake_at = [this](clock_time when) {
      timers_.push_back(when);
      box_.got.most_timers = std::max(box_.got.most_timers, timers_.size());
    };
    services.wake_soon = [] {};
    if (const auto opened = stage_->open(services); !opened)
      throw failure(opened.error());
  }

  carried_columns carried() const { return {how_.stamped, how_.stamped}; }

  void give(const In& record) {
    if (!rows_)
      rows_ = make_rows(record_type_of<In>), wanted_ = next_length();
    envelope e{.at = stamp_of(++position_), .ingested = clock_.now()};
    if (times_.of) {
      e.time = times_.of(record);
      e.late = highest_ > begin_of_time && e.time < highest_ - times_.out_of_order;
      e.at.time = highest_ = std::max(highest_, e.time);
    }
    rows_->add<In>(record, e, carried());
    if (rows_->size() >= wanted_)
      give_frame();
  }
  void give(const mark& m) {
    give_frame();
    stage_->advance(m);
    make_room_if_blocked();
  }
  void give(const barrier& b) {
    give_frame();
    std::vector<command_effect> effects;
    for (const command& c : b.commands)
      if (c.stage == stage_name)
        effects.push_back(prepared(c));
    while (!stage_->at_barrier(b))
      make_room();
    for (const command_effect& effect : effects)
      effect();
    send_event(std::make_shared<const barrier>(b), false);
  }
  command_effect prepared(const command& c) {
    auto effect = stage_->prepare(c);
    if (!effect)
      throw failure(effect.error());
    return std::move(*effect);
  }
  void give(const idle&) {
    give_frame();
    stage_->flush();
    make_room_if_blocked();
  }
  void give(const elapse& e) {
    give_frame();
    const clock_time until = clock_.time + e.time.count();
    for (;;) {
      const auto first = std::min_element(timers_.begin(), timers_.end());
      if (first == timers_.end() || *first > until)
        break;
      clock_.time = std::max(clock_.time, *first);
      timers_.erase(first);
      stage_->wake();
      make_room_if_blocked();
    }
    clock_.time = until;
  }

  void give_frame() {
    if (!rows_)
      return;
    frame f;
    f.records = std::exchange(rows_, nullptr);
    const std::size_t size = f.size();
    for (std::size_t next = 0; next < size;) {
      const std::size_t before = next;
      stage_->consume(0, f, next, size);
      if (next == before && !stage_->blocked()) // timers before the record may block it
        throw failure(internal_error("the stage takes no record although it is not blocked"));
      make_room_if_blocked();
    }
  }

  void send_event(const std::shared_ptr<const barrier>& at, bool last) {
    for (port* p : stage_->ports())
      p->send_event(at, last);
  }

  void make_room_if_blocked() {
    while (stage_->blocked())
      make_room();
  }

  // Returns what is owed, and lets the stage go on.
  void make_room() {
    ++box_.got.waits;
    if (how_.crowd) {
      stage_->resume();
      stage_->flush();
    }
    const credit owed = box_.take_owed();
    if (owed == credit{} && stage_->blocked() && ++idle_ > 1000)
      throw failure(internal_error("the stage is blocked although it has all its credit"));
    if (owed != credit{})
      idle_ = 0;
    for (port* p : stage_->ports())
      p->grant(0, owed);
    if (stage_->blocked())
      stage_->resume();
  }

  std::size_t next_length() {
    return how_.random_cuts ? 1 + random_() % how_.most_in_frame : how_.most_in_frame;
  }

  const options& how_;
  const event_times<In>& times_;
  event_time highest_ = begin_of_time;
  std::mt19937_64 random_;
  inbox<Out> box_;
  standing_clock clock_;
  kept_letters dead_letters_;
  stage_counters counters_;
  histogram latency_;
  stage* stage_ = nullptr;
  std::shared_ptr<rows> rows_;
  std::size_t wanted_ = 1;
  std::uint64_t position_ = 0;
  std::size_t idle_ = 0;
  std::vector<clock_time> timers_;
};

/// The same records with this between each two of them.
template <class T>
std::vector<input<T>> spaced(const std::vector<input<T>>& all, int what) {
  std::vector<input<T>> spaced;
  std::uint64_t position = 0;
  for (const auto& one : all) {
    spaced.push_back(one);
    if (!std::holds_alternative<T>(one))
      continue;
    ++position;
    if (what == 0)
      spaced.push_back(idle{});
    else if (what == 1)
      spaced.push_back(mark{stamp_of(position), false, false});
    else
      spaced.push_back(barrier{position, {}});
  }
  return spaced;
}

} // namespace detail

/// Runs a stage once. `make` gets the fanout that the stage emits into and returns the stage.
/// Throws leat::failure if the stage breaks its contract: stamps that fall, a mark that overtakes
/// records, a block that no credit ends.
template <class In, class Out, class Make>
outcome<Out> run_stage(const Make& make, const std::vector<input<In>>& all, const options& how = {},
                       const event_times<In>& times = {}) {
  return detail::driver<In, Out>(how, times).run(make, all);
}

/// Runs a stage with many options and returns the records it emits. Throws leat::failure if with
/// one of them the records, their order or their places among barriers differ from those of a run
/// with one record per frame. `reads_stamps`: it is never run without stamps.
template <class In, class Out, class Make>
std::vector<Out> check_stage(const Make& make, const std::vector<input<In>>& all,
                             const event_times<In>& times = {}, bool reads_stamps = false) {
  const outcome<Out> plain = run_stage<In, Out>(make, all, {}, times);
  const auto compare = [&](const std::vector<input<In>>& given, const options& how,
                           const std::string& name) {
    const outcome<Out> other = run_stage<In, Out>(make, given, how, times);
    const std::size_t common = std::min(plain.records.size(), other.records.size());
    std::size_t i = 0;
    while (i < common && identical(plain.records[i], other.records[i]))
      ++i;
    if (i < common || plain.records.size() != other.records.size())
      throw failure(user_error(
          fmt::format(
              "{}: {} records came out, {} with one record a frame; the first that differs is "
              "number {}",
              name, other.records.size(), plain.records.size(), i),
          "what an operator emits may depend on the records of the key before, and on nothing "
          "else"));
    if (&given == &all && plain.barriers != other.barriers)
      throw failure(user_error(name + ": records stand on another side of a barrier"));
    if (plain.dead_letters.size() != other.dead_letters.size())
      throw failure(user_error(name + ": another number of dead letters"));
  };

  const credit one_record{1, 1, 1};
  compare(all, {.most_in_frame = std::max<std::size_t>(all.size(), 1)}, "all in one frame");
  compare(all, {.output_frame = 1, .credit_limit = one_record}, "into a full outbox");
  compare(all, {.most_in_frame = 16, .output_frame = 1, .credit_limit = one_record, .crowd = true},
          "into a full outbox, asked to go on before there is room");
  if (!reads_stamps)
    compare(all, {.most_in_frame = 5, .stamped = false}, "without stamps");
  for (std::uint64_t seed = 1; seed <= 8; ++seed)
    compare(all,
            {.most_in_frame = std::size_t{1} << seed,
             .random_cuts = true,
             .output_frame = 1 + seed % 4,
             .credit_limit = {2, 7, 1000},
             .crowd = seed % 2 == 0,
             .seed = seed},
            fmt::format("cut at random with seed {}", seed));
  static constexpr const char* between[] = {
      "with pauses between records", "with marks between records", "with barriers between records"};
  for (int what = 0; what < 3; ++what)
    compare(detail::spaced<In>(all, what), {.most_in_frame = 4, .output_frame = 3}, between[what]);
  return plain.records;
}

/// Runs an operator with many options over these records, or records with marks, barriers, pauses
/// and time between them, and returns what it emits; see check_stage. An operator that takes a
/// leat::event_context is given the event times of its records:
///   check_operator(op, key_of, records, {[](const payment& p) { return p.time; }, 5s})
template <class Op, class KeyOf, class T>
std::vector<typename Op::output_type> check_operator(const Op& op, const KeyOf& key_of,
                                                     const std::vector<input<T>>& all,
                                                     const event_times<T>& times = {}) {
  static_assert(keyed_operator_on<Op, T>,
                "check_operator(operator, key_of, records): the operator has "
                "process(const record&, leat::emitter<output>&, leat::context&)");
  using out = typename Op::output_type;
  return check_stage<T, out>(
      [&](fanout to) -> std::unique_ptr<stage> {
        return std::make_unique<keyed_stage<T, KeyOf, Op>>(key_of, op, std::move(to), side_ports{});
      },
      all, times,
      reads_event_time<Op, T, std::remove_cvref_t<std::invoke_result_t<const KeyOf&, const T&>>>);
}
template <class Op, class KeyOf, class T>
std::vector<typename Op::output_type> check_operator(const Op& op, const KeyOf& key_of,
                                                     const std::vector<T>& records,
                                                     const event_times<T>& times = {}) {
  return check_operator<Op, KeyOf, T>(op, key_of,
                                      std::vector<input<T>>(records.begin(), records.end()), times);
}

} // namespace leat::testing
