#include <leat/internal/cli/checkpoint_settings.hpp>

#include <leat/internal/checkpoint/savepoint.hpp>
#include <leat/internal/cli/plan_settings.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

constexpr std::uint64_t most_kept = 1000;

constexpr std::chrono::milliseconds least_time{10};

} // namespace

void checkpoint_settings::declare(option_set& options) {
  const auto add = [&](std::string_view flag, auto& value, std::string help) {
    options.add(flag, value, std::move(help)).under("Checkpoints");
  };
  add("--checkpoint-dir DIR", folder, "directory for checkpoints (default: none)");
  add("--checkpoint-interval DURATION", interval, "time from one checkpoint to the next");
  add("--checkpoint-pause DURATION", pause, "minimum time between two checkpoints (default: none)");
  add("--checkpoint-timeout DURATION", timeout, "time after which a checkpoint is given up");
  add("--checkpoints-kept N", kept, "number of complete checkpoints to keep");
  add("--stop-savepoint NAME", stop_savepoint, "savepoint to make at Ctrl-C (default: none)");
  add("--restore WHAT", restore, "checkpoint to start from: latest, none, or a path");
  add("--allow-non-restored-state", allow_non_restored_state,
      "restore although stages were added or removed");
}

result<checkpoint_options> checkpoint_settings::options() const {
  checkpoint_options o;
  const auto read = [](std::string_view option, const std::string& given,
                       std::chrono::nanoseconds& to) -> result<void> {
    const auto time = duration_of(option, given, least_time);
    if (!time)
      return time.error();
    to = *time;
    return {};
  };
  if (auto done = read("--checkpoint-interval", interval, o.interval); !done)
    return done.error();
  if (!pause.empty())
    if (auto done = read("--checkpoint-pause", pause, o.pause); !done)
      return done.error();
  if (auto done = read("--checkpoint-timeout", timeout, o.timeout); !done)
    return done.error();
  if (kept < 1 || kept > most_kept)
    return user_error(
        fmt::format("--checkpoints-kept: {} is not between 1 and {}", kept, most_kept));
  if (restore.empty())
    return user_error("--restore: latest, none or a path is missing");
  if (folder.empty() && !stop_savepoint.empty())
    return user_error("--stop-savepoint requires --checkpoint-dir", "add --checkpoint-dir DIR");
  if (!stop_savepoint.empty())
    if (auto named = check_savepoint_name(stop_savepoint); !named)
      return user_error("--stop-savepoint: " + named.error().what, named.error().hint);
  if (folder.empty() && restore != "latest")
    return user_error("--restore requires --checkpoint-dir", "add --checkpoint-dir DIR");
  o.folder = folder;
  o.kept = kept;
  o.restore = restore != "none";
  if (restore != "latest" && o.restore)
    o.restore_from = restore;
  o.allow_non_restored_state = allow_non_restored_state;
  return o;
}

} // namespace leat
