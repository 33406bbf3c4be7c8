// Keeps records in memory, for tests.
#pragma once

#include <leat/sink.hpp>

#include <map>
#include <memory>
#include <mutex>

namespace leat {

/// All copies share the collected records, each subtask with its own vector:
///
///   leat::collect<alert> alerts;
///   leat::run(fraud(..., alerts));
///   CHECK(alerts.records().size() == 3);
///
/// Unbounded. Read it when the run is over. A further run with it appends.
template <class T>
class collect {
public:
  static constexpr bool at_coordinator = true; // who holds a copy reads it there

  collect() : shared_(std::make_shared<state>()) {}

  void open(const sink_context& place) {
    const std::lock_guard lock(shared_->mutex);
    slot_ = &shared_->slots.emplace(place.subtask, std::vector<T>{})->second;
  }
  void write(std::span<const T> records) {
    slot_->insert(slot_->end(), records.begin(), records.end());
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
  };

  std::shared_ptr<state> shared_;
  std::vector<T>* slot_ = nullptr; ///< nobody else writes there
};

} // namespace leat
