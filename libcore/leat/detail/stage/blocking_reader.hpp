// A reader that may block is called on a thread of its own, so that its stage can handle barriers,
// a stop and the end at any time. The thread reads one frame ahead and touches nothing else of the
// job; one that never returns is left behind. The core has no threads: the runtime gives it one.
#pragma once

#include <leat/dead_letter.hpp>
#include <leat/detail/transport/frame.hpp>
#include <leat/pull_status.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace leat {

/// What one pull brought, on its way from the reader's thread to its stage.
struct read_batch {
  std::shared_ptr<rows> records;    ///< null: none
  std::vector<dead_letter> letters; ///< the stage is left to fill in
  pull_status answer = pull_status::more();
  std::string position = {}; ///< of the reader after it; empty: it cannot return there
};

/// The reader as its thread sees it.
class blocking_reader {
public:
  virtual ~blocking_reader() = default;
  virtual void open(waker wake) = 0;
  virtual read_batch pull() = 0;
  /// Ends what pull() waits for, now and later; false if it cannot. Called by another thread.
  virtual bool cancel() = 0;
};

/// The stage's end of a reader's thread. Destroying it cancels the reader.
class reading_thread {
public:
  virtual ~reading_thread() = default;
  /// What was read, if anything was; never waits. Behind the last batch it throws what the reader
  /// threw.
  virtual std::optional<read_batch> take() = 0;
};

/// Starts a thread that opens and pulls this reader, and calls the waker when there is a batch.
using start_reading =
    std::function<std::unique_ptr<reading_thread>(std::shared_ptr<blocking_reader>, waker)>;

} // namespace leat
