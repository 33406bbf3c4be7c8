// What a stage is: a word for people, and what the plan, the runtime and reports ask of it.
#pragma once

#include <string_view>

namespace leat {

/// What becomes of a source's records after a restart.
enum class source_delivery {
  ephemeral, ///< those that were read and not yet processed, or came meanwhile, may be lost
  replayable ///< all are read again from where the state that is restored was saved
};

/// When the records of a sink become visible outside of a job with checkpoints, and how often.
enum class sink_publication {
  as_it_goes,        ///< when they are written; after a restart perhaps again
  by_epoch,          ///< when the checkpoint that ends their epoch is complete, and once
  by_epoch_with_keys ///< as by_epoch, but after a restart perhaps again with the same keys
};

/// A new kind of stage is a new value: none of those who ask know a list of kinds.
struct stage_kind {
  std::string_view name;  ///< as describe() has it; of static storage
  bool is_source = false; ///< it has no input
  source_delivery delivery = source_delivery::ephemeral;       ///< of a source
  bool is_sink = false;                                        ///< it has no output
  sink_publication publication = sink_publication::as_it_goes; ///< of a sink
  bool runs_user_code = false; ///< the graph says whether it takes records by stamp or by arrival
  bool takes_parallelism_of_producer = false; ///< of one that it is connected to by forward
  bool may_have_sides = false;
  bool emits_panes = false;
  bool is_saved_whole = true; ///< a checkpoint has all that it knows
};

namespace kinds {

inline constexpr stage_kind source{.name = "source", .is_source = true};
inline constexpr stage_kind keyed{.name = "process",
                                  .runs_user_code = true,
                                  .takes_parallelism_of_producer = true,
                                  .may_have_sides = true};
inline constexpr stage_kind window{.name = "window",
                                   .runs_user_code = true,
                                   .takes_parallelism_of_producer = true,
                                   .may_have_sides = true};
inline constexpr stage_kind actor{.name = "actor",
                                  .runs_user_code = true,
                                  .takes_parallelism_of_producer = true,
                                  .is_saved_whole = false};
inline constexpr stage_kind merge{.name = "merge"};
inline constexpr stage_kind batching{
    .name = "window", .takes_parallelism_of_producer = true, .emits_panes = true};
inline constexpr stage_kind scoring{.name = "score", .takes_parallelism_of_producer = true};
inline constexpr stage_kind sink{.name = "sink", .is_sink = true};

} // namespace kinds

} // namespace leat
