// A split of a source as a barrier found it. What a source saves is a list of these, so that its
// splits can go to other subtasks.
#pragma once

#include <leat/record.hpp>
#include <leat/time.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace leat {

struct saved_split {
  std::uint32_t number = 0; ///< a part of its records' stamps, and the same in all runs
  std::string name;
  std::string position;    ///< of its reader, behind its type in text; empty: at the start, or it
                           ///< cannot return
  std::uint64_t count = 0; ///< records emitted
  event_time highest = begin_of_time;
  event_time reached = begin_of_time; ///< how far its subtask had come
  bool done = false;                  ///< its reader has ended
  std::string ahead;                  ///< records read and not emitted, by their codec, behind
                                      ///< their type in text; may be empty
  static constexpr auto fields = leat::fields(
      "saved_split", leat::field("number", &saved_split::number),
      leat::field("name", &saved_split::name), leat::field("position", &saved_split::position),
      leat::field("count", &saved_split::count), leat::field("highest", &saved_split::highest),
      leat::field("reached", &saved_split::reached), leat::field("done", &saved_split::done),
      leat::field("ahead", &saved_split::ahead));
};

/// The strategy by which a split has watermarks, if it keeps a state. These stand behind all
/// splits.
struct saved_watermarks {
  std::uint32_t number = 0; ///< of the split
  std::string state;
  std::vector<event_time> followed; ///< of the records read and not emitted, see source_stage
  static constexpr auto fields =
      leat::fields("saved_watermarks", leat::field("number", &saved_watermarks::number),
                   leat::field("state", &saved_watermarks::state),
                   leat::field("followed", &saved_watermarks::followed));
};

} // namespace leat
