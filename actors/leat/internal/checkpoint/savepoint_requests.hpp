// How other processes ask a running job for savepoints: by files in its folder of checkpoints.
//
//   DIR/savepoints/NAME.request   asks; removed by the job when it begins
//   DIR/savepoints/NAME.failed    why it could not; removed by whoever asked
#pragma once

#include <leat/internal/checkpoint/savepoint.hpp>

namespace leat {

struct savepoint_request {
  std::string name;
  bool stop = false; ///< the job is to end with it
};

/// Refused if the name is invalid, or if a savepoint or a request has it.
result<void> ask_for_savepoint(file_system& files, const std::string& dir,
                               const savepoint_request& r);
/// Whether no job has begun with it.
bool is_waiting(file_system& files, const std::string& dir, const std::string& name);
void withdraw_request(file_system& files, const std::string& dir, const std::string& name);
/// Why it could not be made; nothing if that is not known. Forgets it.
std::optional<std::string> take_failure(file_system& files, const std::string& dir,
                                        const std::string& name);

/// Of the job: the requests since the last call.
std::vector<savepoint_request> take_requests(file_system& files, const std::string& dir);
/// That somebody who has gone does not read it does no harm.
void note_failure(file_system& files, const std::string& dir, const std::string& name,
                  std::string_view why);

} // namespace leat
