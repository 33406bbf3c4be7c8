// A split's reader as its stage pulls it: called in place, or on a thread of its own if it may
// block.
#pragma once

#include <leat/detail/stage/blocking_reader.hpp>
#include <leat/detail/stage/stage.hpp>

#include <optional>

namespace leat {

/// Whether a reader of a source that blocks may do so itself: by `may_block()`, or else it may.
template <class R>
bool may_block(const R& reader) {
  if constexpr (requires {
                  { reader.may_block() } -> std::same_as<bool>;
                })
    return reader.may_block();
  return true;
}

/// Calls a reader on its thread. What it emits and rejects is gathered.
template <class R, class T>
class reader_apart final : public blocking_reader {
public:
  reader_apart(R reader, const stage_services& services)
      : reader_(std::move(reader)), waiting_(services.counters->waiting) {
    out_.open_for_reader(services.limits, services.stage, &letters_);
    out_.tell_waiting(waiting_);
  }

  void open(waker wake) override {
    if constexpr (requires { reader_.open(wake); })
      reader_.open(std::move(wake));
  }

  read_batch pull() override {
    read_batch batch;
    batch.answer = reader_.pull(out_.room(), out_);
    batch.letters = std::exchange(letters_.kept, {});
    if (!out_.empty()) {
      waiting_->clear();
      batch.records = out_.take();
    }
    return batch;
  }

  bool cancel() override {
    if constexpr (requires { reader_.cancel(); }) {
      reader_.cancel();
      return true;
    }
    return false;
  }

private:
  class gathered_letters final : public dead_letter_sink {
  public:
    std::vector<dead_letter> kept;
    void put(dead_letter letter) override { kept.push_back(std::move(letter)); }
    std::uint64_t count() const override { return kept.size(); }
  };

  R reader_;
  std::shared_ptr<waiting_note> waiting_;
  gathered_letters letters_;
  emitter<T> out_{fanout<T>{}};
};

template <class R, class T>
class split_reader {
public:
  explicit split_reader(R reader) : in_place_(std::move(reader)) {}

  /// `blocks`: the source says so of its readers.
  void open(const stage_services& services, bool blocks) {
    if (blocks && services.read_apart && may_block(*in_place_)) {
      auto apart = std::make_shared<reader_apart<R, T>>(std::move(*in_place_), services);
      in_place_.reset();
      apart_ = services.read_apart(std::move(apart), services.wake_soon);
    } else if constexpr (requires(waker w) { in_place_->open(w); }) {
      in_place_->open(waker(services.wake_soon));
    }
  }

  pull_status pull(std::size_t demand, emitter<T>& out) {
    if (!in_place_)
      return take(demand, out);
    const std::size_t before = out.gathered().records.size();
    const pull_status answer = in_place_->pull(demand, out);
    if (out.gathered().records.size() > before)
      out.waiting_for({});
    return answer;
  }

private:
  pull_status take(std::size_t demand, emitter<T>& out) {
    if (!batch_ && !(batch_ = apart_->take()))
      return pull_status::idle(); // its thread wakes the stage
    for (dead_letter& l : std::exchange(batch_->letters, {}))
      out.reject(std::move(l.reason), std::move(l.place), std::move(l.raw));
    if (batch_->records) {
      auto& records = static_cast<rows_of<T>&>(*batch_->records).records;
      for (; demand > 0 && next_ < records.size() && !out.full(); --demand)
        out(std::move(records[next_++]));
      if (next_ < records.size())
        return pull_status::more();
    }
    next_ = 0;
    // One that is idle calls again by itself, from its thread.
    const bool done = batch_->answer.is_done();
    batch_.reset();
    return done ? pull_status::done() : pull_status::more();
  }

  std::optional<R> in_place_;
  std::unique_ptr<reading_thread> apart_;
  std::optional<read_batch> batch_; ///< on its way
  std::size_t next_ = 0;            ///< in batch_
};

} // namespace leat
