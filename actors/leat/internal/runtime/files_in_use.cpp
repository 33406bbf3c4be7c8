#include <leat/internal/runtime/files_in_use.hpp>

#include <leat/connectors/files/output_file.hpp>
#include <leat/connectors/files/part_folder.hpp>

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace leat {

namespace {

struct use {
  std::string who;
  std::string path; ///< as it was given
  bool is_output = false;
  bool shared = false;
  bool folder = false;
};

// Of stages that run here, and of those whose paths are valid here as well.
std::vector<use> files_of(const plan& p, const resolved_plan& resolved, const run_options& options,
                          const std::vector<bool>& here) {
  std::vector<use> all;
  for (std::size_t i = 0; i < p.stages.size(); ++i) {
    const plan_stage& s = p.stages[i];
    if (!here.empty() && !here[i] && !options.shared.contains(s.name))
      continue;
    const bool is_output = s.kind.is_sink;
    for (const file_use& f : s.maker->files(s, resolved.stages[i].parallelism))
      all.push_back(
          {fmt::format("{} \"{}\"", s.kind.name, s.name), f.path, is_output, f.shared, f.folder});
  }
  for (const named_file& f : options.outputs)
    all.push_back({f.name, f.path, true, false});
  return all;
}

using use_map = std::map<std::string, use>;

// That of its file; or of the folder in which all files are in use.
std::string place_of(const use& u, const use_map& by_place) {
  const std::string own = canonical_path(u.path);
  for (std::filesystem::path at = own; at != at.parent_path(); at = at.parent_path())
    if (const auto folder = by_place.find(at.string());
        folder != by_place.end() && folder->second.folder)
      return folder->first;
  return own;
}

} // namespace

std::vector<error> colliding_files(const plan& p, const resolved_plan& resolved,
                                   const run_options& options, const std::vector<bool>& here) {
  std::vector<error> faults;
  std::vector<use> all = files_of(p, resolved, options, here);
  std::stable_partition(all.begin(), all.end(), [](const use& u) { return u.folder; });
  use_map by_place; // of uses of one file, the one that others must not meet
  for (const use& u : all) {
    const auto [at, first] = by_place.emplace(place_of(u, by_place), u);
    use& other = at->second;
    if (first || (u.shared && other.shared) || (!u.is_output && !other.is_output)) {
      other.is_output = other.is_output || u.is_output;
      continue;
    }
    const bool both = u.is_output && other.is_output;
    const use& writer = u.is_output ? u : other;
    const use& reader = u.is_output ? other : u;
    faults.push_back(user_error(
        both ? fmt::format("{} and {} write the same file \"{}\"", other.who, u.who, u.path)
             : fmt::format("{} would overwrite \"{}\", which {} reads", writer.who, writer.path,
                           reader.who),
        "give each output its own file"));
  }
  return faults;
}

std::vector<std::string> remove_leftovers(const plan& p, const resolved_plan& resolved,
                                          const run_options& options,
                                          const std::vector<bool>& here) {
  std::vector<std::string> notes;
  for (const use& u : files_of(p, resolved, options, here)) {
    if (!u.is_output)
      continue;
    if (u.folder) {
      for (const std::string& removed : part_folder(u.path).remove_leftovers())
        notes.push_back(fmt::format("removed \"{}\", which a killed run was writing", removed));
      continue;
    }
    for (const std::string& removed : output_file::remove_leftovers(u.path))
      notes.push_back(fmt::format("removed \"{}\", the output of a run that was killed; other "
                                  "outputs of that run may have been published",
                                  removed));
  }
  return notes;
}

} // namespace leat
