// A split's reader as its stage pulls it, whatever the type of its records: called in place, or on
// a thread of its own if it may block.
#pragma once

#include <leat/detail/record/type_history.hpp>
#include <leat/detail/stage/stage.hpp>

namespace leat {

/// Each call is for a block of records.
class split_reader {
public:
  virtual ~split_reader();

  /// A place for records that are read ahead.
  virtual stage_output& output() = 0;

  /// The identity of its split across runs; empty: its place among the splits.
  virtual std::string name() const { return {}; }

  /// `position`: where to begin, as position() returned it; empty: at the start.
  virtual result<void> open(waker wake, std::string_view position) = 0;

  /// Reads up to `demand` records into `out`, which is the output of this reader or of its source.
  virtual pull_status pull(std::size_t demand, stage_output& out) = 0;

  /// Where the next pull goes on; empty if the reader cannot return there.
  virtual std::string position() const { return {}; }

  /// Appends what stands before that position and no pull has put out yet.
  virtual void append_held(rows&) const {}

  /// Whether pull() may wait outside the runtime.
  virtual bool may_block() const { return false; }

  /// Ends what pull() waits for, now and later; false if it cannot. Called by another thread.
  virtual bool cancel() { return false; }
};

/// Why a reader cannot begin at these bytes.
error not_a_position();

/// The bytes of a position that was saved behind its type, as of the reader's own type. Nothing if
/// they are none.
std::optional<std::string> position_now(std::string_view saved, const detail::type_history& type);

/// Of a split that has ended: brings nothing.
std::unique_ptr<split_reader> ended_split(const record_type& type);

/// The same reader on a thread of its own, which open() starts. The services outlive it.
std::unique_ptr<split_reader> read_on_thread(std::unique_ptr<split_reader> reader,
                                             const stage_services& services);

} // namespace leat
