// A sink writes records out of the job: a plain struct with one verb, `write(span<const record>)`.
// Each subtask has its own copy.
//
// Completing an output is the decision of the job, so the end has two steps. `prepare()` is called
// after the last record: everything is written and durable when it returns. `commit()` is called
// after all sinks of the job have prepared, and makes the output visible; it must be quick and
// unlikely to fail, as a rename is. A job that fails or is aborted calls no `commit()`: the
// destructor removes incomplete output.
//
// Optional: `open(const sink_context&)` before the first record, `flush()` when the stage has
// nothing to do, `prepare()`, `commit()`; before the start `check() const`, which reports invalid
// settings, and `targets(subtasks) const`, the files that the subtasks will write
// (leat/file_use.hpp).
// Optional static members: `publishes_as_it_goes = true` if records are visible outside before
// `commit()` (a table, a server, a terminal), `blocking = true` if `write` may wait (the sink then
// gets a thread), `at_coordinator = true` if it hands results to the program that started the job,
// so that it must not run in another process.
#pragma once

#include <leat/detail/stage/histogram.hpp>
#include <leat/detail/stage/stage.hpp>

#include <span>

namespace leat {

/// The stage of a sink, and the number of its subtask.
struct sink_context {
  std::string stage;
  std::size_t subtask = 0;
  std::size_t subtasks = 1;
  dead_letter_sink* dead_letters = nullptr;
};

/// What `write` may return instead of nothing.
enum class write_status { more, enough };

template <class S, class T>
concept sink_of = requires(S s, std::span<const T> records) {
  s.write(records);
};

/// True if a sink declares that its records are visible before the job has ended well.
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
      !requires(S & s) { s.close(); },
      "a sink has prepare() and commit() in place of close(): prepare() makes its output "
      "durable, commit() makes it visible once the whole job has ended well");

public:
  sink_stage(S sink, std::chrono::nanoseconds slowed) : sink_(std::move(sink)), slowed_(slowed) {}

  result<void> open(const stage_services& services) override {
    services_ = services;
    if constexpr (requires(const sink_context& p) { sink_.open(p); })
      return as_result([&] {
        return sink_.open(sink_context{services.stage, services.subtask, services.subtasks,
                                       services.dead_letters});
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

  bool finish() override {
    if constexpr (requires { sink_.prepare(); })
      expect(as_result([&] { return sink_.prepare(); }));
    return true;
  }

  bool commits() const override { return true; }
  void commit() override {
    if constexpr (requires { sink_.commit(); })
      expect(as_result([&] { return sink_.commit(); }));
  }

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
