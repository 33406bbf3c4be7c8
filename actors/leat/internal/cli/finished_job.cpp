#include <leat/internal/cli/finished_job.hpp>

#include <leat/internal/checkpoint/inspection.hpp>
#include <leat/internal/checkpoint/posix_files.hpp>
#include <leat/internal/cluster/placement.hpp>
#include <leat/quantities.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <set>

namespace leat {

namespace {

// The splits of a source in a checkpoint, by name.
std::set<std::string> splits_of(const inspection& of, const std::string& source) {
  std::set<std::string> names;
  for (const inspected_checkpoint& c : of.checkpoints)
    for (const inspected_subtask& s : c.subtasks)
      for (const inspected_split& split : s.splits)
        if (s.stage == source)
          names.insert(split.name);
  return names;
}

// The files of a source that it has now, and had not when the job ended. Only where its splits are
// files: where they have other names, or none, nothing is known of them.
std::vector<std::string> new_files(const plan_stage& source, const inspection& end) {
  const std::set<std::string> known = splits_of(end, source.name);
  std::vector<std::string> added;
  if (known.empty() || known.contains(""))
    return added;
  for (const file_use& f : paths_of(source, 1))
    if (!f.shared && !known.contains(f.path) && std::filesystem::is_regular_file(f.path))
      added.push_back(f.path);
  return added;
}

std::string unread_text(const std::string& source, const std::vector<std::string>& files) {
  if (files.size() == 1)
    return fmt::format("{}: \"{}\" is not read: it was added after the end", source, files.front());
  return fmt::format("{}: {} files, such as \"{}\", are not read: they were added after the end",
                     source, grouped(files.size()), files.front());
}

} // namespace

std::vector<std::string> texts_if_finished(const plan& p, const run_options& options) {
  const checkpoint_options& o = options.checkpoints;
  if (o.folder.empty() || !o.restore || !o.restore_from.empty())
    return {};
  posix_files files;
  const checkpoint_folder folder(files, o.folder);
  const auto end = folder.published_end();
  if (!end || end->job != p.name)
    return {};
  std::vector<std::string> texts{
      fmt::format("the job in \"{}\" had finished: nothing is left to do\n"
                  "  hint: to begin anew, choose another --checkpoint-dir and other outputs, or "
                  "--restore none, "
                  "which publishes everything again",
                  o.folder)};
  const auto content = inspect(files, fmt::format("{}/{}", folder.states(), name_of_states(*end)));
  for (const plan_stage& s : p.stages)
    if (content && s.kind.is_source)
      if (const auto added = new_files(s, *content); !added.empty())
        texts.push_back(unread_text(s.name, added));
  return texts;
}

} // namespace leat
