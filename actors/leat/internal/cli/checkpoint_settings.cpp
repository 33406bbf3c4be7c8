#include <leat/internal/cli/checkpoint_settings.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/checkpoint/savepoint.hpp>
#include <leat/quantities.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

constexpr std::uint64_t most_kept = 1000;

result<void> read_duration(std::string_view option, const std::string& given,
                           std::chrono::nanoseconds& to) {
  constexpr std::chrono::milliseconds least{10};
  const auto read = parse_duration(given);
  if (!read || *read < least)
    return user_error(
        fmt::format("{}: invalid duration {}", option, shown(given)),
        fmt::format("a whole number and ms, s, min or h, at least {}: 10s", duration_text(least)));
  to = *read;
  return {};
}

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
  if (auto read = read_duration("--checkpoint-interval", interval, o.interval); !read)
    return read.error();
  if (!pause.empty())
    if (auto read = read_duration("--checkpoint-pause", pause, o.pause); !read)
      return read.error();
  if (auto read = read_duration("--checkpoint-timeout", timeout, o.timeout); !read)
    return read.error();
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
