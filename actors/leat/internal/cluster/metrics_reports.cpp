#include <leat/internal/cluster/metrics_reports.hpp>

#include <leat/detail/runtime/metrics.hpp>
#include <leat/internal/cluster/messages.hpp>

namespace leat {

void metrics_reports::meet(const caf::actor& coordinator) {
  const std::lock_guard lock(mutex_);
  coordinator_ = coordinator;
}

void metrics_reports::begin(const caf::actor& job, measured all) {
  const std::lock_guard lock(mutex_);
  job_ = job;
  all_ = std::move(all);
}

void metrics_reports::end() {
  const std::lock_guard lock(mutex_);
  coordinator_ = nullptr;
  job_ = nullptr;
  all_.clear();
}

void metrics_reports::send(const caf::actor& worker) {
  const std::lock_guard lock(mutex_);
  if (!job_ && coordinator_)
    caf::send_as(worker, coordinator_, alive_message{});
  if (!job_)
    return;
  metrics_message m{{}, own_usage()};
  for (const auto& [number, metrics] : all_)
    m.metrics.emplace_back(number, encode_metrics(*metrics));
  caf::send_as(worker, job_, std::move(m));
}

} // namespace leat
