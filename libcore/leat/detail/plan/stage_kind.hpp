// What a stage is: a word for people, and what the plan, the runtime and reports ask of it.
#pragma once

#include <string_view>

namespace leat {

/// A new kind of stage is a new value: none of those who ask know a list of kinds.
struct stage_kind {
  std::string_view name;       ///< as describe() has it; of static storage
  bool is_source = false;      ///< it has no input
  bool is_sink = false;        ///< it has no output
  bool runs_user_code = false; ///< the graph says whether it takes records by stamp or by arrival
  bool takes_parallelism_of_producer = false; ///< of one that it is connected to by forward
  bool may_have_sides = false;
  bool emits_panes = false;
};

namespace kinds {

inline constexpr stage_kind source{.name = "source", .is_source = true};
inline constexpr stage_kind keyed{.name = "process",
                                  .runs_user_code = true,
                                  .takes_parallelism_of_producer = true,
                                  .may_have_sides = true};
inline constexpr stage_kind actor{
    .name = "actor", .runs_user_code = true, .takes_parallelism_of_producer = true};
inline constexpr stage_kind merge{.name = "merge"};
inline constexpr stage_kind batching{
    .name = "window", .takes_parallelism_of_producer = true, .emits_panes = true};
inline constexpr stage_kind scoring{.name = "score", .takes_parallelism_of_producer = true};
inline constexpr stage_kind sink{.name = "sink", .is_sink = true};

} // namespace kinds

} // namespace leat
