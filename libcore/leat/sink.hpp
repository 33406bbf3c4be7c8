// A sink writes records out of the job: a plain struct with one verb, `write(span<const record>)`.
// Each subtask has its own copy.
//
// Publishing an output is the decision of the job, so it has two steps. `prepare(epoch)` is called
// after the last record of an epoch: what was written since the last call is durable when it
// returns. It returns a committable: all that `commit` needs to make this output visible, or an
// empty optional if there is nothing. `commit(committable)` is called once the job has decided to
// publish that epoch. It must be quick and unlikely to fail, as a rename is. Without checkpoints
// there is one epoch, which ends with the input, and the job decides when all of its stages have
// ended well.
//
// A committable is a value that can be encoded: a text, a number, a record. With checkpoints it is
// saved, and after a restart `commit` is called again, on a fresh copy of the sink, before its
// first `write`. So committing twice must be the same as committing once. Epochs have increasing
// numbers, and no number is used twice in the life of a job. The destructor removes output that was
// neither prepared nor committed.
//
// Optional: `open(const sink_context&)` before the first record, `flush()` when the stage has
// nothing to do, and for sinks without `prepare` at the end of an epoch; `prepare` together with
// `commit`; before the start `check() const`, which reports invalid settings, and
// `targets(const sink_context&) const`, the files that all subtasks will write (leat/file_use.hpp).
// Both may take a context, that of subtask 0.
//
// With checkpoints a sink is called in this order after it was opened, before its first `write`:
// 1. `commit(committable)` for all that the restored checkpoint lists, perhaps once more;
// 2. `restore(committable)`, optional, for what each earlier subtask that it goes on for prepared
//    last: a sink that accumulates over epochs takes its state from it;
// 3. `discard_uncommitted()`, optional: what earlier attempts have prepared besides must go, since
//    its records will be written again. It is called too when no checkpoint is restored.
// The parallelism may have changed: a sink commits, restores and discards what belongs to earlier
// subtasks s with s % subtasks == its own number.
//
// Optional static members: `publishes_as_it_goes = true` if, without checkpoints, records are
// visible outside before `commit` (a table, a server, a terminal), `commits_with_keys = true` if
// repeating a commit repeats its effect outside, unless the receiver remembers keys, `blocking =
// true` if `write` may wait (the sink then gets a thread), `at_coordinator = true` if it hands
// results to the program that started the job, so that it must not run in another process.
#pragma once

#include <leat/detail/record/codec.hpp>
#include <leat/detail/stage/histogram.hpp>
#include <leat/detail/stage/stage.hpp>

#include <optional>
#include <span>

namespace leat {

/// The stage of a sink, the number of its subtask, and how the job is run.
struct sink_context {
  std::string stage = {};
  std::size_t subtask = 0;
  std::size_t subtasks = 1;
  dead_letter_sink* dead_letters = nullptr;
  /// Epochs end at checkpoints, and outputs are committed when these are complete. If not, there is
  /// one epoch.
  bool checkpoints = false;
  /// The last epoch that the job has used so far, in earlier attempts and runs.
  epoch after = 0;
  /// A folder that exists, in which a sink may keep what it has prepared: as durable as the
  /// checkpoints, and the same for all nodes and attempts. Empty: there is none.
  std::string folder = {};
};

/// What `write` may return instead of nothing.
enum class write_status { more, enough };

template <class S, class T>
concept sink_of = requires(S s, std::span<const T> records) {
  s.write(records);
};

/// True if the output of a sink appears only when the job has decided so.
template <class S>
concept preparing_sink = requires(S s, epoch n) {
  s.prepare(n);
};

/// A T, or nothing.
template <class T>
struct optional_value {
  using type = T;
};
template <class T>
struct optional_value<std::optional<T>> : optional_value<T> {};
template <class T>
struct optional_value<result<T>> : optional_value<T> {};

/// What a sink prepares for its commit.
template <preparing_sink S>
using committable_of = typename optional_value<decltype(std::declval<S&>().prepare(epoch{}))>::type;

/// True if a sink takes its state from what it has prepared before a restart.
template <class S>
concept restorable_sink = preparing_sink<S> && requires(S s, const committable_of<S>& last) {
  s.restore(last);
};

/// True if a sink declares that, without checkpoints, its records are visible before the job has
/// ended well.
template <class S>
constexpr bool publishes() {
  if constexpr (requires {
                  { S::publishes_as_it_goes } -> std::convertible_to<bool>;
                })
    return S::publishes_as_it_goes;
  return false;
}

/// Runs a sink and measures how old records are when `write` returns.
template <class T, class S>
class sink_stage final : public stage {
  static_assert(
      !requires(S & s) { s.close(); } && !requires(S & s) { s.prepare(); },
      "a sink has prepare(epoch) and commit(committable): prepare makes the output of an "
      "epoch durable, commit makes it visible once the job has decided so");

public:
  sink_stage(S sink, std::chrono::nanoseconds slowed) : sink_(std::move(sink)), slowed_(slowed) {}

  result<void> open(const stage_services& services) override {
    services_ = services;
    if constexpr (requires(const sink_context& p) { sink_.open(p); })
      return as_result([&] {
        return sink_.open(sink_context{services.stage, services.subtask, services.subtasks,
                                       services.dead_letters, services.checkpoints, services.after,
                                       services.folder});
      });
    return {};
  }

  void consume(std::size_t, frame& f, std::size_t& next, std::size_t end) override {
    const rows& from = *f.records;
    if (satisfied_ || next == end)
      return void(next = end);
    write(from.as<T>().subspan(next, end - next));
    stage_counters::add(services_.counters->records_in, end - next);
    const clock_time rest = slowed_.count() * static_cast<clock_time>(end - next);
    measure(from.envelopes.ingest(), next, end, rest);
    if (rest > 0)
      rest_until(services_.time->now() + rest);
    next = end;
  }

  void wake() override {
    if (resting_ && services_.time->now() >= rested_at_)
      resting_ = false;
    if (resting_)
      services_.wake_at(rested_at_);
  }

  bool blocked() const override { return resting_; }
  bool occupied() const override { return resting_; }

  void flush() override {
    if constexpr (requires { sink_.flush(); })
      expect(as_result([&] { return sink_.flush(); }));
  }

  bool publishes_by_epoch() const override { return true; }

  std::string prepare_output(epoch n) override {
    std::string committable;
    if constexpr (preparing_sink<S>)
      append_committable(committable, value_of(sink_.prepare(n)));
    else
      flush();
    return committable;
  }

  void commit(std::string_view committable) override {
    if constexpr (preparing_sink<S>)
      expect(as_result([&] { return sink_.commit(read(committable)); }));
  }

  void restore_output(std::string_view committable) override {
    if constexpr (restorable_sink<S>)
      expect(as_result([&] { return sink_.restore(read(committable)); }));
  }

  bool restores_output() const override { return restorable_sink<S>; }

  void discard_uncommitted() override {
    if constexpr (requires { sink_.discard_uncommitted(); })
      expect(as_result([&] { return sink_.discard_uncommitted(); }));
  }

  /// What is not committed stands in its committables.
  result<void> save(std::string&) const override { return {}; }
  result<void> load(byte_cursor&) override { return {}; }

  bool satisfied() const override { return satisfied_; }

private:
  // Verbs may return nothing or leat::result<void>.
  template <class Verb>
  static result<void> as_result(Verb verb) {
    if constexpr (std::is_void_v<decltype(verb())>)
      return verb(), result<void>{};
    else
      return verb();
  }
  static void expect(const result<void>& done) {
    if (!done)
      throw failure(done.error());
  }

  static auto read(std::string_view committable) {
    committable_of<S> value{};
    byte_cursor from(committable);
    if (!read_binary(from, value) || from.left() > 0)
      throw failure(external_error("what a sink has prepared cannot be read"));
    return value;
  }

  template <class V>
  static V value_of(V value) {
    return value;
  }
  template <class V>
  static V value_of(result<V> value) {
    if (!value)
      throw failure(value.error());
    return std::move(*value);
  }
  template <class V>
  static void append_committable(std::string& to, const V& value) {
    append_binary(to, value);
  }
  template <class V>
  static void append_committable(std::string& to, const std::optional<V>& value) {
    if (value)
      append_binary(to, *value);
  }

  void write(std::span<const T> records) {
    using returned = decltype(sink_.write(records));
    if constexpr (std::is_same_v<returned, write_status>)
      satisfied_ = sink_.write(records) == write_status::enough;
    else
      expect(as_result([&] { return sink_.write(records); }));
  }

  // A trial of backpressure: be as slow as some device.
  void rest_until(clock_time rested_at) {
    services_.wake_at(rested_at_ = rested_at);
    resting_ = true;
  }

  void measure(const ingest_times& ingest, std::size_t begin, std::size_t end, clock_time rest) {
    if (ingest.empty() || !services_.latency)
      return;
    const clock_time now = services_.time->now() + rest;
    for (std::size_t i = 0; i < ingest.size(); ++i) {
      const std::size_t from = std::max<std::size_t>(ingest[i].begin, begin);
      const std::size_t to =
          i + 1 < ingest.size() ? std::min<std::size_t>(ingest[i + 1].begin, end) : end;
      if (from < to)
        services_.latency->add(now - ingest[i].time, to - from);
    }
  }

  S sink_;
  std::chrono::nanoseconds slowed_;
  bool satisfied_ = false;
  bool resting_ = false;
  clock_time rested_at_ = 0;
};

} // namespace leat
