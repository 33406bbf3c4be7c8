// Keeps records in memory, for tests.
#pragma once

#include <leat/sink.hpp>

#include <map>
#include <memory>
#include <mutex>

namespace leat {

/// What a collection keeps under this until it is committed.
struct collected_epoch {
  epoch of = 0;
  std::uint64_t subtask = 0;
  static constexpr auto fields =
      leat::fields("collected_epoch", leat::field("of", &collected_epoch::of),
                   leat::field("subtask", &collected_epoch::subtask));
};

/// All copies share the collected records, each subtask with its own vector:
///
///   leat::collect<alert> alerts;
///   leat::run(fraud(..., alerts));
///   CHECK(alerts.records().size() == 3);
///
/// Unbounded. Read it when the run is over. A further run with it appends.
///
/// With checkpoints records are collected when the checkpoint that ends their epoch is complete,
/// each once, as long as all attempts share the memory of one process.
template <class T>
class collect {
public:
  static constexpr bool at_coordinator = true; // who holds a copy reads it there

  collect() : shared_(std::make_shared<state>()) {}

  void open(const sink_context& place) {
    const std::lock_guard lock(shared_->mutex);
    slot_ = &shared_->slots.emplace(place.subtask, std::vector<T>{})->second;
    place_ = place;
  }
  void write(std::span<const T> records) {
    std::vector<T>& to = place_.checkpoints ? uncommitted_ : *slot_;
    to.insert(to.end(), records.begin(), records.end());
  }

  std::optional<collected_epoch> prepare(epoch n) {
    if (uncommitted_.empty())
      return {};
    const std::lock_guard lock(shared_->mutex);
    shared_->prepared[{place_.stage, place_.subtask, n}] = std::exchange(uncommitted_, {});
    return collected_epoch{n, place_.subtask};
  }
  void commit(const collected_epoch& what) {
    const std::lock_guard lock(shared_->mutex);
    const auto found = shared_->prepared.find({place_.stage, what.subtask, what.of});
    if (found == shared_->prepared.end())
      return; // it is collected
    slot_->insert(slot_->end(), found->second.begin(), found->second.end());
    shared_->prepared.erase(found);
  }
  void discard_uncommitted() {
    const std::lock_guard lock(shared_->mutex);
    std::erase_if(shared_->prepared, [this](const auto& kept) {
      const auto& [stage, subtask, of] = kept.first;
      return stage == place_.stage && subtask % place_.subtasks == place_.subtask;
    });
  }

  /// Subtask after subtask, the records of each in the order of arrival.
  std::vector<T> records() const {
    std::vector<T> all;
    for (const auto& [subtask, records] : shared_->slots)
      all.insert(all.end(), records.begin(), records.end());
    return all;
  }

private:
  struct state {
    std::mutex mutex;
    std::multimap<std::size_t, std::vector<T>> slots; ///< by subtask; one for each open()
    /// By stage, subtask and epoch.
    std::map<std::tuple<std::string, std::uint64_t, epoch>, std::vector<T>> prepared;
  };

  std::shared_ptr<state> shared_;
  std::vector<T>* slot_ = nullptr; ///< nobody else writes there
  sink_context place_;
  std::vector<T> uncommitted_; ///< with checkpoints: those of the present epoch
};

} // namespace leat
