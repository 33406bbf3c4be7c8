// Savepoints: checkpoints that have a name and stay. The folder of one needs nothing outside of it,
// and can be moved and copied.
//
//   DIR/savepoints/NAME/state/<epoch>-<term>/<name>   states, see state_files.hpp
//   DIR/savepoints/NAME/manifest                      an entry as in the log; comes last
//
// The manifest is written when all outputs that the states list have been committed: whoever goes
// on from a savepoint need not find them.
#pragma once

#include <leat/internal/checkpoint/manifest.hpp>

namespace leat {

/// Of the folder of checkpoints `dir`.
std::string savepoints_folder(const std::string& dir);
std::string savepoint_folder(const std::string& dir, const std::string& name);

/// Whether a savepoint may have this name: up to 100 letters, digits, '_' and '-'.
result<void> check_savepoint_name(std::string_view name);
/// Whether it is there, whole.
bool has_savepoint(file_system& files, const std::string& dir, const std::string& name);

/// Keeps the states of a complete checkpoint of `dir` for a savepoint. What is left of one of that
/// name which was not completed is removed.
result<void> keep_states_of(file_system& files, const std::string& dir, const std::string& name,
                            const manifest& m);
/// Makes it complete; an error if there is one of that name.
result<void> complete_savepoint(file_system& files, const std::string& dir, const std::string& name,
                                const manifest& m);
/// Removes what keep_states_of made.
void drop_savepoint(file_system& files, const std::string& dir, const std::string& name);

} // namespace leat
