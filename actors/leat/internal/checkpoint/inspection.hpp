// What there is in a folder of checkpoints, for people and tools. Nothing of the job's types is
// needed, and nothing is changed.
#pragma once

#include <leat/internal/checkpoint/saved_checkpoint.hpp>

#include <functional>

namespace leat {

struct inspected_state {
  std::string name;
  std::string type;        ///< "map i64 -> payment(id:i64)"
  std::string fingerprint; ///< in hexadecimal
  std::uint64_t keys = 0;  ///< that have it
  std::uint64_t bytes = 0; ///< of its values
  static constexpr auto fields = leat::fields(
      "inspected_state", leat::field("name", &inspected_state::name),
      leat::field("type", &inspected_state::type),
      leat::field("fingerprint", &inspected_state::fingerprint),
      leat::field("keys", &inspected_state::keys), leat::field("bytes", &inspected_state::bytes));
};

struct inspected_split {
  std::uint32_t number = 0;
  std::string name;
  std::uint64_t records = 0; ///< emitted
  bool ended = false;
  std::string position;         ///< as JSON; empty: at the start, or it has none
  std::uint64_t read_ahead = 0; ///< bytes of records read and not emitted
  static constexpr auto fields =
      leat::fields("inspected_split", leat::field("number", &inspected_split::number),
                   leat::field("name", &inspected_split::name),
                   leat::field("records", &inspected_split::records),
                   leat::field("ended", &inspected_split::ended),
                   leat::field("position", &inspected_split::position),
                   leat::field("read_ahead", &inspected_split::read_ahead));
};

/// What a sink has prepared.
struct inspected_output {
  std::uint64_t epoch = 0;
  std::uint64_t bytes = 0; ///< of the committable
  static constexpr auto fields =
      leat::fields("inspected_output", leat::field("epoch", &inspected_output::epoch),
                   leat::field("bytes", &inspected_output::bytes));
};

struct inspected_subtask {
  std::string stage;
  std::uint32_t subtask = 0;
  std::uint32_t subtasks = 1;
  std::uint64_t bytes = 0;
  bool ended = false;
  std::string damage;               ///< why the rest is not known; empty: there is none
  std::vector<std::string> inputs;  ///< the types of its edges' records
  std::uint64_t channels_bytes = 0; ///< what these hold
  std::uint64_t keys = 0;
  std::string backend;     ///< that keeps the keys in files, uncounted; empty: none
  std::uint64_t files = 0; ///< of the backend
  std::vector<inspected_state> states;
  std::vector<inspected_split> splits;
  std::vector<inspected_output> outputs;
  static constexpr auto fields =
      leat::fields("inspected_subtask", leat::field("stage", &inspected_subtask::stage),
                   leat::field("subtask", &inspected_subtask::subtask),
                   leat::field("subtasks", &inspected_subtask::subtasks),
                   leat::field("bytes", &inspected_subtask::bytes),
                   leat::field("ended", &inspected_subtask::ended),
                   leat::field("damage", &inspected_subtask::damage),
                   leat::field("inputs", &inspected_subtask::inputs),
                   leat::field("channels_bytes", &inspected_subtask::channels_bytes),
                   leat::field("keys", &inspected_subtask::keys),
                   leat::field("backend", &inspected_subtask::backend),
                   leat::field("files", &inspected_subtask::files),
                   leat::field("states", &inspected_subtask::states),
                   leat::field("splits", &inspected_subtask::splits),
                   leat::field("outputs", &inspected_subtask::outputs));
};

struct inspected_checkpoint {
  std::string path; ///< as --restore takes it
  std::string name; ///< of a savepoint
  std::uint64_t epoch = 0;
  std::uint64_t term = 0;
  processing_time time{};
  bool finished = false;
  std::vector<inspected_subtask> subtasks;
  static constexpr auto fields =
      leat::fields("inspected_checkpoint", leat::field("path", &inspected_checkpoint::path),
                   leat::field("name", &inspected_checkpoint::name),
                   leat::field("epoch", &inspected_checkpoint::epoch),
                   leat::field("term", &inspected_checkpoint::term),
                   leat::field("time", &inspected_checkpoint::time),
                   leat::field("finished", &inspected_checkpoint::finished),
                   leat::field("subtasks", &inspected_checkpoint::subtasks));
};

/// A start of the job.
struct inspected_term {
  std::uint64_t slot = 0;
  std::string host;
  std::int64_t process = 0;
  processing_time time{};
  static constexpr auto fields = leat::fields(
      "inspected_term", leat::field("slot", &inspected_term::slot),
      leat::field("host", &inspected_term::host), leat::field("process", &inspected_term::process),
      leat::field("time", &inspected_term::time));
};

struct inspection {
  std::uint64_t schema = 1;
  std::string path;
  std::string job;
  std::vector<inspected_term> terms;
  std::vector<inspected_checkpoint> checkpoints; ///< the newest first
  std::vector<inspected_checkpoint> savepoints;
  std::vector<std::string> damage; ///< all that is, once each
  static constexpr auto fields =
      leat::fields("inspection", leat::field("schema", &inspection::schema),
                   leat::field("path", &inspection::path), leat::field("job", &inspection::job),
                   leat::field("terms", &inspection::terms),
                   leat::field("checkpoints", &inspection::checkpoints),
                   leat::field("savepoints", &inspection::savepoints),
                   leat::field("damage", &inspection::damage));
};

/// `path`: a folder of checkpoints, one of them, or a savepoint. Damage is part of the result; an
/// error means that there is nothing of that kind.
result<inspection> inspect(file_system& files, const std::string& path);

/// Gets a key and what it has of a state, as JSON.
using visit_state = std::function<void(const std::string& key, const std::string& value)>;

/// Calls a function with each key of a state of the checkpoint that the path names, in the order of
/// subtasks, key groups and keys.
result<void> read_state_of(file_system& files, const std::string& path, std::string_view stage,
                           std::string_view state, const visit_state& visit);

} // namespace leat
