// The records that inlets of a stage held where they were saved, as far as one subtask goes on with
// them: in stamp order again, whoever held them.
#pragma once

#include <leat/detail/transport/frame.hpp>

#include <deque>
#include <functional>
#include <vector>

namespace leat {

/// Of one input, so of one type. Not thread-safe.
class restored_records {
public:
  /// Adds those of a frame that `claims(records, i)` is true of. Contract: they are stamped.
  void add(const frame& held, const std::function<bool(const rows&, std::size_t)>& claims);

  /// All that were added, in frames. Equal stamps stay as they were added.
  std::deque<frame> in_order() const;

private:
  static constexpr std::size_t most_in_frame = 256;
  struct place {
    std::shared_ptr<rows> in;
    std::size_t at;
    const stamp& where() const { return in->envelopes.stamp_of(at); }
  };
  std::vector<place> all_;
  carried_columns carried_ = all_columns; ///< by all of them
};

} // namespace leat
