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

/// Dead letters of a reader, until its stage has them.
class gathered_letters final : public dead_letter_sink {
public:
  std::vector<dead_letter> kept;
  void put(dead_letter letter) override { kept.push_back(std::move(letter)); }
  std::uint64_t count() const override { return kept.size(); }
};

/// What a reader has emitted and rejected by one pull.
read_batch batch_of(const pull_status& answer, stage_output& out, gathered_letters& letters,
                    waiting_note& waiting);

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
    const pull_status answer = reader_.pull(out_.room(), out_);
    return batch_of(answer, out_, letters_, *waiting_);
  }

  bool cancel() override {
    if constexpr (requires { reader_.cancel(); }) {
      reader_.cancel();
      return true;
    }
    return false;
  }

private:
  R reader_;
  std::shared_ptr<waiting_note> waiting_;
  gathered_letters letters_;
  emitter<T> out_{fanout{}};
};

/// The batches of a reader on its thread, as its stage takes them.
class batches_apart {
public:
  /// Whether there is a reader on a thread.
  bool opened() const { return apart_ != nullptr; }
  void open(std::shared_ptr<blocking_reader> reader, const stage_services& services);
  pull_status take(std::size_t demand, stage_output& out);

private:
  std::unique_ptr<reading_thread> apart_;
  std::optional<read_batch> batch_; ///< on its way
  std::size_t next_ = 0;            ///< in batch_
};

template <class R, class T>
class split_reader {
public:
  explicit split_reader(R reader) : in_place_(std::move(reader)) {}

  /// `blocks`: the source says so of its readers.
  void open(const stage_services& services, bool blocks) {
    if (blocks && services.read_apart && may_block(*in_place_)) {
      apart_.open(
          std::shared_ptr<blocking_reader>(new reader_apart<R, T>(std::move(*in_place_), services)),
          services);
      in_place_.reset();
    } else if constexpr (requires(waker w) { in_place_->open(w); }) {
      in_place_->open(waker(services.wake_soon));
    }
  }

  pull_status pull(std::size_t demand, emitter<T>& out) {
    if (apart_.opened())
      return apart_.take(demand, out);
    const std::size_t before = out.gathered().size();
    const pull_status answer = in_place_->pull(demand, out);
    if (out.gathered().size() > before)
      out.waiting_for({});
    return answer;
  }

private:
  std::optional<R> in_place_;
  batches_apart apart_;
};

} // namespace leat
