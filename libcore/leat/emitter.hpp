// The output of operators, sources and other stages.
#pragma once

#include <leat/detail/stage/stage_output.hpp>

namespace leat {

/// Calling it emits a record, which inherits the envelope of the record being processed. Emitted
/// records are gathered and sent whenever they fill a frame, as long as there is credit. Without
/// credit, what `process` emits in one call is held in memory. Not thread-safe.
template <class T>
class emitter : public stage_output {
public:
  explicit emitter(fanout to) : stage_output(record_type_of<T>, std::move(to)) {}

  void operator()(T record) {
    if (!inherits_)
      return rows_->push_back<T>(std::move(record));
    add_envelope(rows_->size());
    rows_->push_back<T>(std::move(record));
    if (gauge_.full<T>(*rows_) && !hand_on())
      set_aside();
  }

  /// Emits the results of `count` calls of `make()`: the fastest way for sources, whose records get
  /// their envelopes later. With `make(record)`, it assigns to the fields of an existing record,
  /// which compilers copy faster than a returned value.
  template <class Make>
  void fill(std::size_t count, Make make) {
    if (inherits_)
      rows_->envelopes.note_ingest(rows_->size(), ingested_);
    for (T* r = rows_->extend<T>(count); count > 0; --count, ++r)
      if constexpr (std::is_invocable_v<Make&, T&>)
        make(*r);
      else
        *r = make();
  }

  /// Whether the frame is full. A reader should then return pull_status::more().
  bool full() { return held_back_ || gauge_.full<T>(*rows_); }

  /// What is gathered.
  std::span<T> records() { return rows_->as<T>(); }
};

} // namespace leat
