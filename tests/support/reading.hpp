// Source stages that a test drives by hand, and a source of texts for them.
#pragma once

#include <leat/detail/stage/typed_source.hpp>

#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/hosted.hpp"

namespace support {

using namespace std::chrono_literals;

/// Runs the stage of a source.
template <class Source, class Times = leat::no_event_time>
struct reading : hosted {
  leat::source_stage* source = nullptr;
  explicit reading(Source s, Times times = {}) {
    edge.limits.records = 16;
    auto made =
        leat::make_source_stage(std::move(s), times, into_port<typename Source::record_type>());
    source = made.get();
    start = std::move(made);
  }
  std::unique_ptr<leat::stage> start;

  void begin() { REQUIRE(open(std::move(start))); }
  leat::pull_status pull() {
    const leat::pull_status answer = source->pull();
    unblock();
    stage->advance(source->reached());
    return answer;
  }
  void pull_all() {
    begin();
    for (int tries = 0; tries < 100'000; ++tries) {
      const leat::pull_status answer = pull();
      if (answer.is_done())
        return finish();
      if (answer.is_idle())
        clock.time += std::min<std::int64_t>(answer.after().count(), 1'000'000);
    }
    FAIL("the source does not end");
  }
};

/// Of texts the number is the event time in microseconds.
inline const auto time_of_text = [](const text_item& t) { return leat::from_micros(t.number); };

/// Calls a reader when its batches are asked for, as a thread would have.
struct unthreaded final : leat::reading_thread {
  unthreaded(std::shared_ptr<leat::blocking_reader> r, leat::waker w, bool reads_on)
      : reader(std::move(r)), wake(std::move(w)), reads_ahead(reads_on) {}
  std::optional<leat::read_batch> take() override {
    auto batch = next ? std::exchange(next, {}) : read();
    if (batch && reads_ahead && !batch->answer.is_done())
      next = read();
    return batch;
  }
  std::optional<leat::read_batch> read() {
    if (!std::exchange(opened, true))
      reader->open(wake);
    leat::read_batch batch = reader->pull();
    if (!batch.records && batch.letters.empty() && !batch.answer.is_done())
      return {};
    return batch;
  }
  std::shared_ptr<leat::blocking_reader> reader;
  leat::waker wake;
  bool opened = false;
  const bool reads_ahead; ///< one batch, as a thread does
  std::optional<leat::read_batch> next;
};
inline leat::start_reading start_unthreaded(std::size_t& started, bool reads_ahead = false) {
  return [&started, reads_ahead](std::shared_ptr<leat::blocking_reader> reader, leat::waker wake) {
    ++started;
    return std::make_unique<unthreaded>(std::move(reader), std::move(wake), reads_ahead);
  };
}

/// Reads texts, rejects those that are empty, and waits for each that begins with a question mark.
struct texts {
  using record_type = text_item;
  static constexpr bool blocking = true;
  std::vector<text_item> records;
  bool in_place = false;
  std::size_t next = 0;
  bool asked = false;
  bool may_block() const { return !in_place; }
  leat::pull_status pull(std::size_t demand, leat::emitter<text_item>& out) {
    for (; demand > 0 && next < records.size() && !out.full(); --demand) {
      text_item& t = records[next];
      if (t.text.starts_with('?') && !std::exchange(asked, true)) {
        out.waiting_for(t.text);
        return leat::pull_status::idle(1us);
      }
      asked = false;
      ++next;
      if (t.text.empty())
        out.reject("empty", "text " + std::to_string(t.number), "raw");
      else
        out(std::move(t));
    }
    return next < records.size() ? leat::pull_status::more() : leat::pull_status::done();
  }
  std::size_t position() const { return next; }
  leat::result<void> seek(std::size_t to) {
    next = to;
    return {};
  }
};
struct text_splits {
  using record_type = text_item;
  static constexpr bool blocking = true;
  std::vector<texts> all;
  std::vector<texts> splits() const { return all; }
};

/// `with_others`: some are rejected, or waited for.
inline text_splits some_texts(dice& roll, bool with_others) {
  text_splits source;
  for (std::size_t splits = roll.size(1, 5); splits > 0; --splits) {
    source.all.emplace_back();
    std::int64_t time = 100;
    for (int n = roll(0, 60); n > 0; --n) {
      time += roll(0, 4) == 0 ? roll(-3, 60) : roll(-1, 2); // stretches that no other split is in
      const bool other = with_others && roll(0, 8) == 0;
      std::string text(other ? roll.size(0, 2) : roll.size(1, 200), other ? '?' : 'x');
      source.all.back().records.push_back({time, std::move(text)});
    }
  }
  return source;
}

} // namespace support
