// The alignment of sources by tables of promises: their subtasks are producers and consumers.
#pragma once

#include <leat/detail/runtime/progress_table.hpp>
#include <leat/detail/stage/source_alignment.hpp>

#include <memory>

namespace leat {

class table_alignment final : public source_alignment {
public:
  /// `own`: where subtasks of this node tell; `others`: where a relay tells of those of other
  /// nodes, or null. `place`: that of the subtask in both.
  table_alignment(std::shared_ptr<progress_table> own, std::shared_ptr<progress_table> others,
                  std::size_t place);

  void attach(std::function<void()> wake) override;
  void tell(const mark& slowest) override;
  event_time slowest() override { return read(false); }
  event_time await() override { return read(true); }

private:
  event_time read(bool wake);

  std::shared_ptr<progress_table> own_;
  std::shared_ptr<progress_table> others_;
  std::size_t place_;
};

} // namespace leat
