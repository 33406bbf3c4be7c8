// What a complete checkpoint consists of.
#pragma once

#include <leat/internal/checkpoint/state_files.hpp>
#include <leat/time.hpp>

namespace leat {

/// The state of one subtask. Positions of sources are in it.
struct saved_subtask {
  std::string stage;
  std::uint32_t subtask = 0;
  std::uint32_t subtasks = 1;
  state_file file;
  bool ended = false;             ///< its stream has ended
  bool committables = false;      ///< its sink has outputs to publish
  bool held_records = false;      ///< records had arrived that were to be merged with later ones
  std::uint32_t stage_number = 0; ///< of a source: a part of stamps
  std::vector<state_file> stored = {}; ///< the files of its cold store; encoded apart

  static constexpr auto fields = leat::fields(
      "saved_subtask", leat::field("stage", &saved_subtask::stage),
      leat::field("subtask", &saved_subtask::subtask),
      leat::field("subtasks", &saved_subtask::subtasks), leat::field("file", &saved_subtask::file),
      leat::field("ended", &saved_subtask::ended),
      leat::field("committables", &saved_subtask::committables),
      leat::field("held_records", &saved_subtask::held_records),
      leat::field("stage_number", &saved_subtask::stage_number));
  friend bool operator==(const saved_subtask&, const saved_subtask&) = default;
};

/// A command that took effect at the checkpoint's barrier.
struct taken_command {
  std::string stage; ///< empty: all that take the verb
  std::string verb;
  std::string payload;

  static constexpr auto fields = leat::fields(
      "taken_command", leat::field("stage", &taken_command::stage),
      leat::field("verb", &taken_command::verb), leat::field("payload", &taken_command::payload));
  friend bool operator==(const taken_command&, const taken_command&) = default;
};

struct manifest {
  std::string job;        ///< set by the store
  std::string plan;       ///< identifies the plan whose stages were saved
  std::uint64_t term = 0; ///< set by the store
  leat::epoch epoch = 0;
  bool finished = false; ///< all subtasks have ended
  processing_time time{};
  std::vector<saved_subtask> subtasks;
  std::vector<taken_command> commands;

  static constexpr auto fields = leat::fields(
      "manifest", leat::field("job", &manifest::job), leat::field("plan", &manifest::plan),
      leat::field("term", &manifest::term), leat::field("epoch", &manifest::epoch),
      leat::field("finished", &manifest::finished), leat::field("time", &manifest::time),
      leat::field("subtasks", &manifest::subtasks), leat::field("commands", &manifest::commands));
  friend bool operator==(const manifest&, const manifest&) = default;
};

/// Whether a sink may have published something once this manifest was complete.
bool has_committables(const manifest& m);

std::string encode_subtask(const saved_subtask& s);
result<saved_subtask> decode_subtask(std::string_view bytes);

/// Bytes that all of it takes.
std::uint64_t bytes_of(const saved_subtask& s);

/// Manifests without cold stores are as they were before there were any.
std::string encode_manifest(const manifest& m);
result<manifest> decode_manifest(std::string_view bytes);

/// As JSON, for people and tools.
std::string to_json(const manifest& m);

} // namespace leat
