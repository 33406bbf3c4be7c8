// The windowing stage for batchings: gathers records into panes. It holds records only as long as
// its batching says, and lets marks pass when the records before them have passed. Where somebody
// behind it merges, a pane does not outlast a stall before it: what stalls may wait for that merge,
// and the merge for the pane. Of a pane that exceeds the memory for it, the oldest records are in a
// file.
#pragma once

#include <leat/batching.hpp>
#include <leat/detail/stage/stage.hpp>
#include <leat/detail/transport/frame_spill.hpp>

#include <deque>

namespace leat {

class batching_stage final : public emitting_stage {
public:
  /// `codec`: writes records to the file. Null if they cannot be written; then a pane that exceeds
  /// the memory is closed.
  batching_stage(const record_type& type, any_batching batching, fanout to,
                 const row_codec* codec = nullptr);

  result<void> open(const stage_services& services) override;
  void consume(std::size_t input, frame& f, std::size_t& next, std::size_t end) override;
  void advance(const mark& m) override;
  void wake() override;
  result<command_effect> prepare(const command& c) override;

  /// Closes the open pane, so nothing is held across a barrier.
  bool at_barrier(const barrier& b) override;

  /// The batching: a command may have swapped it. Of panes and marks nothing is left at a barrier.
  result<void> save(std::string& to) const override;
  result<void> load(byte_cursor& from) override;

  bool finish() override;

  /// Panes that wait for credit are under way: only what has gone is behind it.
  void stall(const stamp& consumed) override;

  bool blocked() const override { return !ready_.empty() || emitting_stage::blocked(); }
  void resume() override;
  bool drain() override;

private:
  // A pane goes in fragments that may be larger than the frames it came in.
  static constexpr frame_limits least_fragment{1024, 256 * 1024};
  static constexpr clock_time never = std::numeric_limits<clock_time>::max();
  struct pending_mark {
    std::uint64_t after; // of the records ever taken
    mark at;
  };
  struct closed_part {
    frame content;
    std::optional<frame_spill> spilled; // instead of it
  };

  void take(frame& f, std::size_t& next, std::size_t end);
  std::shared_ptr<rows> take_rows(frame& f, std::size_t begin, std::size_t end);
  void fill(frame& f, std::size_t& next, std::size_t end);
  void append(frame& f, std::size_t begin, std::size_t end, rows& to);
  bool comes_late(const frame& f) const;
  void note_position(const rows& taken);
  void open_pane(std::shared_ptr<rows> records);
  void arm();
  bool exceeds_memory() const;
  void spill();
  void make_spill();
  void drop_marks_within_spilled();
  void close();
  void emit(std::shared_ptr<rows> records, pane_ends panes);
  frame take_ready();
  void pump();

  const record_type& type_;
  const row_codec* codec_;
  stage_output out_;
  any_batching batching_;
  std::size_t fragment_ = least_fragment.records; // most records in one
  frame_gauge gauge_;                             // of open_.back()
  std::deque<std::shared_ptr<rows>> open_;        // the open pane, in fragments
  std::size_t held_ = 0;                          // records in it
  std::size_t held_bytes_ = 0;                    // in memory; without those of open_.back()
  std::optional<frame_spill> spill_;              // the open pane's first records
  std::uint64_t spilled_ = 0;                     // how many they are
  std::deque<closed_part> ready_;                 // waiting for credit
  std::deque<pending_mark> marks_;
  std::uint64_t taken_ = 0;
  std::uint64_t passed_ = 0;
  stamp position_; // nothing before it goes out any more
  clock_time deadline_ = 0;
  clock_time armed_for_ = never;
};

} // namespace leat
