// A split's reader as its stage pulls it, whatever the type of its records: called in place, or on
// a thread of its own if it may block.
#pragma once

#include <leat/detail/stage/stage.hpp>

namespace leat {

/// Each call is for a block of records.
class split_reader {
public:
  virtual ~split_reader();

  /// A place for records that are read ahead.
  virtual stage_output& output() = 0;

  virtual void open(waker wake) = 0;

  /// Reads up to `demand` records into `out`, which is the output of this reader or of its source.
  virtual pull_status pull(std::size_t demand, stage_output& out) = 0;

  /// Whether pull() may wait outside the runtime.
  virtual bool may_block() const { return false; }

  /// Ends what pull() waits for, now and later; false if it cannot. Called by another thread.
  virtual bool cancel() { return false; }
};

/// The same reader on a thread of its own, which open() starts. The services outlive it.
std::unique_ptr<split_reader> read_on_thread(std::unique_ptr<split_reader> reader,
                                             const stage_services& services);

} // namespace leat
