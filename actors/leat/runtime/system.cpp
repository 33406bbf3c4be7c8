#include <leat/runtime/system.hpp>

namespace leat {

clock_time steady_clock::now() const {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

caf::actor_system_config& configure(caf::actor_system_config& config, const run_options& options) {
  // A file of this name in the working directory is not ours to obey.
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-throughput", std::size_t{30});
  if (options.workers > 0)
    config.set("scheduler.max-threads", options.workers);
  return config;
}

} // namespace leat
