// The files of a checkpoint's states: DIR/state/<epoch>-<term>/<stage>-<subtask>, and beside each
// the files of its cold store, <stage>-<subtask>.<name>. They count once a manifest mentions them.
#pragma once

#include <leat/detail/transport/barrier.hpp>
#include <leat/internal/checkpoint/file_system.hpp>
#include <leat/record.hpp>
#include <leat/state_backend.hpp>

#include <map>
#include <mutex>
#include <optional>

namespace leat {

/// A file as a manifest mentions it.
struct state_file {
  std::string path; ///< within DIR/state: "6-1/card-features-0"
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0; ///< XXH3-64 of the content

  static constexpr auto fields = leat::fields("state_file", leat::field("path", &state_file::path),
                                              leat::field("bytes", &state_file::bytes),
                                              leat::field("checksum", &state_file::checksum));
  friend bool operator==(const state_file&, const state_file&) = default;
};

/// Writes states under a term that a coordinator has claimed. Needs no claim itself, so every
/// process of the job has one for the shared folder. Thread-safe.
class state_writer {
public:
  /// `folder` is that of the checkpoints; `files` outlives the writer.
  state_writer(file_system& files, std::string folder, std::uint64_t term);

  /// Writes the state of a subtask; once for each epoch. When it returns, a power cut does not lose
  /// the file.
  result<state_file> write(epoch number, std::string_view stage, std::size_t subtask,
                           std::string_view content);
  /// Keeps the files that belong to it: by links to those that are complete, which is durable once
  /// write() has returned. To be called first.
  result<std::vector<state_file>> keep(epoch number, std::string_view stage, std::size_t subtask,
                                       const stored_files& files);

private:
  /// "6-1/card-features-0", in a folder that is there.
  result<std::string> make_place(epoch number, std::string_view stage, std::size_t subtask);
  result<void> make_folder_of(epoch number, const std::string& path);
  result<state_file> keep(std::string path, const stored_file& file,
                          const std::map<std::string, state_file>& known);

  file_system& files_;
  const std::string folder_;
  const std::uint64_t term_;
  std::mutex mutex_;
  std::optional<epoch> made_; ///< the folder of this epoch is made and synced
  /// By stage and subtask, what is known of its complete files, by name.
  std::map<std::string, std::map<std::string, state_file>> known_;
};

/// See stage::find_files_at.
std::string stored_files_at(const std::string& folder, const state_file& state);

/// Reads a state. A file that is missing, or whose size or checksum differs, is an error.
result<std::string> read_state(file_system& files, const std::string& folder,
                               const state_file& which);

} // namespace leat
