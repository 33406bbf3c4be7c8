// The way of one subtask's dead letters to the sink of its process. With checkpoints they belong to
// an epoch, as the outputs of sinks do: the sink gets them when its checkpoint is complete.
#pragma once

#include <leat/connectors/files/spool.hpp>
#include <leat/dead_letter.hpp>
#include <leat/detail/stage/stage.hpp>

#include <optional>

namespace leat {

/// For an error that dead letters explain.
constexpr const char* see_dead_letters =
    "the dead letters contain the reasons; see --max-dead-letters";

/// The dead letters of a process, and how many there may be.
struct letter_tally {
  std::optional<std::uint64_t> limit;
  std::atomic<std::uint64_t> count{0};
};

/// Counts what the subtask sends, so that it is counted wherever it runs. Of one thread, that of
/// the subtask. Calls may block, and throw leat::failure.
class subtask_letters final : public dead_letter_sink {
public:
  subtask_letters(dead_letter_sink& to, std::shared_ptr<letter_tally> tally,
                  std::shared_ptr<stage_counters> counters);

  /// From open() on letters wait for the end of their epoch: in this folder if they are many;
  /// empty: in memory. `at_once`: new ones go to the sink nevertheless, as it refuses all.
  void keep_by_epoch(std::string folder, bool at_once) {
    folder_ = std::move(folder);
    at_once_ = at_once;
  }
  const dead_letter_sink& sink() const { return to_; }
  void open(const stage_services& services);

  void put(dead_letter letter) override;
  void flush() override { to_.flush(); }
  std::uint64_t count() const override { return counters_->dead_letters; }
  void abandon() override { to_.abandon(); }

  /// The epoch ends here: what was put since the last call is durable, and will not be put again.
  /// Returns what commit() needs; empty if there is nothing.
  std::string prepare(epoch n);
  /// Begins the names of the letters of an epoch: no other run has them.
  std::string prefix(epoch n) const;
  /// Until the next commit() letters have this prefix, and go to the sink at once: the outputs of
  /// an epoch are being committed.
  void begin_commit(std::string prefix);
  /// Gives the sink what was prepared, perhaps again, and by another subtask before a restart.
  /// Returns when it is kept. Empty: nothing was prepared.
  void commit(std::string_view prepared);
  /// After a restart, when all that the checkpoint lists is committed: what was prepared besides is
  /// given up. The counter has been restored.
  void go_on();

private:
  void keep(const dead_letter& letter);

  dead_letter_sink& to_;
  const std::shared_ptr<letter_tally> tally_;
  const std::shared_ptr<stage_counters> counters_;
  std::optional<std::string> folder_;
  bool at_once_ = false;
  std::optional<spool> kept_; ///< of the present epoch
  std::string name_;
  std::string committing_;          ///< the prefix of what is being committed
  std::uint64_t put_in_commit_ = 0; ///< by what is being committed
};

} // namespace leat
