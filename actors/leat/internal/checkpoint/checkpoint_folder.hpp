// The checkpoints in a folder, for whoever reads them. Needs no claim and changes nothing.
#pragma once

#include <leat/internal/checkpoint/checkpoint_log.hpp>
#include <leat/internal/checkpoint/manifest.hpp>

namespace leat {

/// A checkpoint whose files are all there and whole.
struct restore_point {
  leat::manifest manifest;
  /// What is wrong with each newer checkpoint. None of these has published anything.
  std::vector<std::string> passed_over;
};

/// What a coordinator writes into the slot that it claims. A term has the number of its slot.
struct term_entry {
  std::string job;
  std::string host;
  std::int64_t process = 0;
  processing_time time{};

  static constexpr auto fields = leat::fields(
      "term_entry", leat::field("job", &term_entry::job), leat::field("host", &term_entry::host),
      leat::field("process", &term_entry::process), leat::field("time", &term_entry::time));
};

/// The name of a manifest's copy beside its states.
inline constexpr std::string_view witness_name = "manifest";
/// The name of a file beside it, once the job has ended and all its outputs have been published.
inline constexpr std::string_view published_name = "published";

/// The folder of a checkpoint's states in DIR/state: "<epoch>-<term>".
struct state_folder {
  leat::epoch epoch = 0;
  std::uint64_t term = 0;
};
std::optional<state_folder> parse_state_folder(const std::string& name);
std::string name_of_states(const manifest& m);

bool is_manifest(std::optional<entry_kind> kind);

/// May be used by several threads.
class checkpoint_folder {
public:
  /// `files` outlives it.
  checkpoint_folder(file_system& files, std::string path);

  const std::string& path() const { return path_; }
  std::string states() const { return path_ + "/state"; }
  const checkpoint_log& log() const { return log_; }

  /// A manifest, or what is there instead.
  struct candidate {
    slot_number slot = 0;
    std::optional<entry_kind> kind; ///< none: it may have been anything
    result<leat::manifest> content;
  };
  /// What is in the folder from the beginning of the log on, the newest first. Sound terms are left
  /// out.
  struct log_view {
    slot_number first = 1; ///< the log begins here
    std::vector<candidate> candidates;
  };
  result<log_view> history() const;

  /// Whether there are checkpoints, damaged ones included, or what may have been such.
  bool has_checkpoints() const;
  /// The newest checkpoint, all of whose states were read and verified. Nothing if there is none.
  /// An older one only if what is damaged has published nothing; otherwise an error names what is
  /// damaged, and the newest older checkpoint that is whole.
  result<std::optional<restore_point>> newest() const;
  /// The checkpoint of this epoch, verified, whatever came after it.
  result<manifest> at(epoch number) const;
  /// The checkpoint of the job's end, if all outputs have been published and no coordinator has
  /// claimed the folder since: then there is nothing left to do. Its states are not verified.
  std::optional<manifest> published_end() const;
  /// Whether the states of a checkpoint are there and whole.
  result<void> verify(const manifest& m) const;

private:
  result<void> add_slots(log_view& to) const;
  leat::error missing_error(slot_number first, slot_number last) const;
  result<void> add_witnesses(log_view& to) const;
  leat::error refusal(const std::vector<std::string>& damage, const leat::manifest* whole) const;

  file_system* files_;
  std::string path_;
  checkpoint_log log_;
};

} // namespace leat
