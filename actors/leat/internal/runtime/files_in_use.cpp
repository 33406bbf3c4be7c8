#include <leat/internal/runtime/files_in_use.hpp>

#include <leat/connectors/files/output_file.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

struct use {
  std::string who;
  std::string path; ///< as it was given
  bool is_output = false;
  bool shared = false;
};

std::vector<use> files_of(const plan& p, const resolved_plan& resolved,
                          const run_options& options) {
  std::vector<use> all;
  for (std::size_t i = 0; i < p.stages.size(); ++i) {
    const plan_stage& s = p.stages[i];
    const bool is_output = s.kind.is_sink;
    for (const file_use& f : s.maker->files(resolved.stages[i].parallelism))
      all.push_back({fmt::format("{} \"{}\"", s.kind.name, s.name), f.path, is_output, f.shared});
  }
  for (const named_file& f : options.outputs)
    all.push_back({f.name, f.path, true, false});
  return all;
}

} // namespace

std::vector<error> colliding_files(const plan& p, const resolved_plan& resolved,
                                   const run_options& options) {
  std::vector<error> faults;
  std::map<std::string, use> by_place; // of uses of one file, the one that others must not meet
  for (const use& u : files_of(p, resolved, options)) {
    const auto [at, first] = by_place.emplace(canonical_path(u.path), u);
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
                                          const run_options& options) {
  std::vector<std::string> notes;
  for (const use& u : files_of(p, resolved, options)) {
    if (!u.is_output)
      continue;
    for (const std::string& removed : output_file::remove_leftovers(u.path))
      notes.push_back(fmt::format("removed \"{}\", the output of a run that was killed; other "
                                  "outputs of that run may have been published",
                                  removed));
  }
  return notes;
}

} // namespace leat
