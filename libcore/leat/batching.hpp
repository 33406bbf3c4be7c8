// A batching says *when* records are handed on for scoring. It never changes a result, so batchings
// are interchangeable: at start, by a flag, or on the running graph.
#pragma once

#include <leat/error.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace leat {

/// Each record is a pane.
struct record_at_a_time {};

/// A pane closes when it holds `count` records, or `delay` after its first.
struct micro_batch {
  std::size_t count = 256;
  std::chrono::nanoseconds delay = std::chrono::milliseconds{5};
};

/// A pane closes at every multiple of `duration` on the runtime's clock, or at `max_count` records.
struct every {
  std::chrono::nanoseconds duration;
  std::size_t max_count = 65'536;
};

/// One pane: everything up to the end of the input, or the next barrier. Large ones go to a file.
struct batch {};

/// Any of the batchings, reduced to a limit of records and a limit of time. The constructors throw
/// leat::failure for a count, delay or duration of zero.
class any_batching {
public:
  any_batching(record_at_a_time) : count_(1) {}
  any_batching(micro_batch b) : count_(b.count), delay_(b.delay) { check(); }
  any_batching(every b) : count_(b.max_count), delay_(b.duration), aligned_(true) { check(); }
  any_batching(batch) {}

  /// Reads "record", "micro-batch:256,5ms", "every:1s", "every:1s,10000" or "batch". The error for
  /// anything else lists these.
  static result<any_batching> parse(std::string_view spec);

  /// A pane of this many records closes.
  std::size_t count() const { return count_; }
  /// A pane closes this long after its first record (zero: never by time) ...
  std::chrono::nanoseconds delay() const { return delay_; }
  /// ... or, if aligned, when the clock passes a multiple of it.
  bool aligned() const { return aligned_; }
  bool is_record_at_a_time() const { return count_ == 1; }
  bool is_batch() const { return count_ == unbounded && delay_ == delay_.zero(); }

  /// The text that parse() reads.
  std::string text() const;

private:
  static constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();
  void check() const;

  std::size_t count_ = unbounded;
  std::chrono::nanoseconds delay_{0};
  bool aligned_ = false;
};

/// The command that swaps the batching of a windowing stage; its payload is what
/// any_batching::parse reads.
inline constexpr const char* batching_verb = "batching";

} // namespace leat
