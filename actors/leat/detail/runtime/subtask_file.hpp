// The state of a subtask as it is saved, for subtasks that go on from it and for whoever looks at
// it without knowing the graph.
//
// The format's version, a head, counters, what is prepared; what its channels hold, unless its
// stream has ended; then what its stage knows, to the end.
#pragma once

#include <leat/detail/stage/stage.hpp>
#include <leat/record.hpp>

namespace leat {

/// The records of one input.
struct saved_input {
  std::uint64_t input = 0;
  std::string type; ///< in text
  static constexpr auto fields =
      leat::fields("saved_input", leat::field("input", &saved_input::input),
                   leat::field("type", &saved_input::type));
};

/// Which subtask it is, and what feeds it.
struct subtask_file_head {
  std::string stage;
  std::uint64_t subtask = 0;
  std::uint64_t subtasks = 1;
  std::vector<saved_input> inputs; ///< those whose records can be saved
  saved_contents contents = saved_contents::other;
  static constexpr auto fields =
      leat::fields("subtask_file_head", leat::field("stage", &subtask_file_head::stage),
                   leat::field("subtask", &subtask_file_head::subtask),
                   leat::field("subtasks", &subtask_file_head::subtasks),
                   leat::field("inputs", &subtask_file_head::inputs),
                   leat::field("contents", &subtask_file_head::contents));

  /// "subtask 0 of 2 of stage "hash"".
  std::string name() const;
};

/// What has been counted so far is part of the outcome, and names records in dead letters.
struct saved_counters {
  std::uint64_t records_in = 0, records_out = 0, panes = 0, late = 0, dead_letters = 0,
                timers_dropped = 0;
  static constexpr auto fields = leat::fields(
      "saved_counters", leat::field("records_in", &saved_counters::records_in),
      leat::field("records_out", &saved_counters::records_out),
      leat::field("panes", &saved_counters::panes), leat::field("late", &saved_counters::late),
      leat::field("dead_letters", &saved_counters::dead_letters),
      leat::field("timers_dropped", &saved_counters::timers_dropped));
};

/// An output that is to be committed.
struct saved_output {
  epoch of = 0;
  std::string committable;
  std::string letters; ///< dead letters
  std::string prefix;  ///< of their names
  static constexpr auto fields = leat::fields(
      "saved_output", leat::field("of", &saved_output::of),
      leat::field("committable", &saved_output::committable),
      leat::field("letters", &saved_output::letters), leat::field("prefix", &saved_output::prefix));
};

/// How far it has come.
struct saved_progress {
  bool ended = false;
  std::vector<saved_output> outputs;
  std::vector<std::string> last_outputs;
  static constexpr auto fields =
      leat::fields("saved_progress", leat::field("ended", &saved_progress::ended),
                   leat::field("outputs", &saved_progress::outputs),
                   leat::field("last_outputs", &saved_progress::last_outputs));
};

struct subtask_file {
  subtask_file_head head;
  saved_counters counters;
  saved_progress progress;
  std::string channels;   ///< see inlet::save; empty if its stream has ended
  std::string_view stage; ///< see stage::save; within the bytes that were read
};

/// Appends all but what the stage knows.
void append_subtask_file(std::string& to, const subtask_file& f);
result<subtask_file> read_subtask_file(std::string_view bytes);

} // namespace leat
