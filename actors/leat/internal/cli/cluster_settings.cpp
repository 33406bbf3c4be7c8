#include <leat/internal/cli/cluster_settings.hpp>

#include <leat/internal/cli/plan_settings.hpp>

#include <cstdlib>

namespace leat {

namespace {

error of_option(std::string_view option, error e) {
  e.what = std::string(option) + ": " + e.what;
  return e;
}

// Where programs keep what they can get again.
std::string usual_cache() {
  if (const char* const cache = std::getenv("XDG_CACHE_HOME"); cache && *cache)
    return std::string(cache) + "/leat";
  if (const char* const home = std::getenv("HOME"); home && *home)
    return std::string(home) + "/.cache/leat";
  return "leat-cache";
}

} // namespace

void node_settings::declare(option_set& options) {
  options
      .add("--certs DIR", certificates,
           "directory with ca.pem, NAME.pem and NAME.key, as `certs issue` writes them")
      .required();
  options.add("--lost-after DURATION", lost_after,
              "time after which a node that is silent is taken for lost");
}

result<credentials> node_settings::load() const { return credentials::load(certificates, name); }

result<std::chrono::milliseconds> node_settings::silence() const {
  const auto time = duration_of("--lost-after", lost_after, std::chrono::seconds{1});
  if (!time)
    return time.error();
  return std::chrono::ceil<std::chrono::milliseconds>(*time);
}

void coordinator_settings::declare(option_set& options) {
  options.add("--listen HOST:PORT", listen, "address that workers join").required();
  options.add("--workers N", workers, "number of workers to wait for").required();
  node_settings::declare(options);
  options.add("--name NAME", name, "name of this node, as in its certificate");
  options.add("--file-limit SIZE", file_limit, "maximum size of a file sent to workers");
  options.add("--go-on-with-fewer DURATION", fewer_after,
              "time to wait for all workers after a loss (default: no limit)");
}

result<void> coordinator_settings::check() const {
  return check_range("--workers", workers, 1, most_workers);
}

result<node_address> coordinator_settings::address() const {
  auto a = node_address::parse(listen, true);
  if (!a)
    return of_option("--listen", a.error());
  return a;
}

result<std::uint64_t> coordinator_settings::file_bytes() const {
  return size_of("--file-limit", file_limit);
}

result<std::optional<std::chrono::milliseconds>> coordinator_settings::patience_after_loss() const {
  if (fewer_after.empty())
    return std::optional<std::chrono::milliseconds>{};
  const auto time = duration_of("--go-on-with-fewer", fewer_after, std::chrono::milliseconds{1});
  if (!time)
    return time.error();
  return std::optional{std::chrono::ceil<std::chrono::milliseconds>(*time)};
}

void worker_settings::declare(option_set& options) {
  options.add("--join HOST:PORT", join, "address of the coordinator").required();
  options.add("--name NAME", name, "name of this node, as in its certificate").required();
  node_settings::declare(options);
  options.add("--coordinator NAME", coordinator, "name of the coordinator, as in its certificate");
  options.add("--slots N", slots, "weight of this node: twice the slots, twice the subtasks");
  options.add("--label LABEL", labels, "label that stages can be pinned to; once for each label");
  options.add("--listen HOST:PORT", listen,
              "address that other workers reach (default: any port of that which reaches the "
              "coordinator)");
  options.add("--cache DIR", cache,
              "directory for files from coordinators (default: leat in the cache of the user)");
  options.add("--cache-cap SIZE", cache_cap,
              "size of that directory beyond which old files are removed");
}

result<join_settings> worker_settings::settings() const {
  join_settings s;
  auto to = node_address::parse(join);
  if (!to)
    return of_option("--join", to.error());
  s.coordinator = std::move(*to);
  if (auto named = check_node_name(coordinator); !named)
    return of_option("--coordinator", named.error());
  s.coordinator_node = coordinator;
  if (!listen.empty()) {
    auto at = node_address::parse(listen, true);
    if (!at)
      return of_option("--listen", at.error());
    s.listen = std::move(*at);
  }
  if (auto fits = check_range("--slots", slots, 1, most_slots); !fits)
    return fits.error();
  s.slots = static_cast<std::uint32_t>(slots);
  if (auto fit = check_labels(labels); !fit)
    return of_option("--label", fit.error());
  s.labels = labels;
  s.cache = cache.empty() ? usual_cache() : cache;
  const auto cap = size_of("--cache-cap", cache_cap);
  if (!cap)
    return cap.error();
  s.cache_cap = *cap;
  return s;
}

} // namespace leat
