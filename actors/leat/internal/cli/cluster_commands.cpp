#include <leat/internal/cli/cluster_commands.hpp>

#include <leat/internal/cli/cluster_settings.hpp>
#include <leat/internal/cli/commands.hpp>
#include <leat/internal/cli/signals.hpp>
#include <leat/internal/cluster/own_program.hpp>

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace leat {

exit_code coordinator_command(const std::vector<std::string>& arguments, const console& to,
                              const run_as& run) {
  option_set all;
  coordinator_settings settings;
  settings.declare(all);
  const auto dashes = std::ranges::find(arguments, "--");
  const command_text text{"coordinator", coordinator_help,
                          "\nAfter these: -- run [OPTIONS], which all nodes run.\n"};
  if (const auto ended = read_options(all, {arguments.begin(), dashes}, text, to))
    return *ended;
  if (arguments.end() - dashes < 2 || dashes[1] != "run")
    return to.refuse(
        user_error("the command for all nodes is missing", "after the options: -- run [OPTIONS]"));
  if (auto fits = settings.check(); !fits)
    return to.refuse(fits.error());
  const auto address = settings.address();
  if (!address)
    return to.refuse(address.error());
  const auto limit = settings.file_bytes();
  if (!limit)
    return to.refuse(limit.error());
  const auto silence = settings.silence();
  if (!silence)
    return to.refuse(silence.error());
  const auto fewer_after = settings.patience_after_loss();
  if (!fewer_after)
    return to.refuse(fewer_after.error());
  const auto own = settings.load();
  if (!own)
    return to.refuse(own.error());
  survive_closed_connections();
  set_lost_after(*silence);
  auto there = lobby::open(*address, *own);
  if (!there)
    return to.refuse(there.error());
  if (*fewer_after)
    there->accept_fewer(**fewer_after);
  to.note(fmt::format("listening on {} for {} workers", there->address().text(), settings.workers));
  run_role role;
  role.workers_from = &*there;
  role.workers = settings.workers;
  role.what.arguments.assign(dashes + 2, arguments.end());
  role.what.file_limit = *limit;
  const auto command = role.what.arguments;
  return run(command, std::move(role));
}

exit_code worker_command(const std::vector<std::string>& arguments, const console& to,
                         const run_as& run) {
  option_set all;
  worker_settings settings;
  settings.declare(all);
  if (const auto ended = read_options(all, arguments, {"worker", worker_help}, to))
    return *ended;
  const auto how = settings.settings();
  if (!how)
    return to.refuse(how.error());
  const auto silence = settings.silence();
  if (!silence)
    return to.refuse(silence.error());
  const auto own = settings.load();
  if (!own)
    return to.refuse(own.error());
  survive_closed_connections();
  set_lost_after(*silence);
  auto joined = join_cluster(*how, *own, [&to](const std::string& what) { to.note(what); });
  if (!joined)
    return to.refuse(joined.error());
  run_role role;
  role.worker = std::move(joined->role);
  role.files = std::move(joined->files);
  bool again = false;
  role.another_attempt = &again;
  const exit_code code = run(joined->arguments, std::move(role));
  if (!again)
    return code;
  to.note("the job has failed and is tried again: this worker joins anew");
  return to.refuse(
      external_error(fmt::format("cannot start anew: {}", std::strerror(become_own_program()))));
}

} // namespace leat
