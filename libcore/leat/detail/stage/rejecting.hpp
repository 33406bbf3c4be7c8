// What a stage does with a record that its verb returns an error for.
#pragma once

#include <leat/detail/stage/stage.hpp>
#include <leat/detail/transport/raw_text.hpp>

namespace leat {

/// Makes the record a dead letter for a user error. Any other error fails the job.
template <class T>
void reject_record(const stage_services& services, std::string place, const T& record,
                   const error& why) {
  if (why.domain != error_domain::user)
    throw failure(why);
  services.dead_letters->put({why.what, services.stage, std::move(place), raw_text(record)});
}

/// Where a record stood: its stamp, or, on an edge that carries none, its place in the input of
/// this subtask. `first`: the records before it are counted already.
inline std::string place_of(const stage_services& services, const rows& from, std::size_t i,
                            std::size_t first) {
  if (from.envelopes.stamped())
    return raw_place(from.envelopes.stamp_of(i));
  const auto counted = services.counters->records_in.load(std::memory_order_relaxed);
  return "record " + std::to_string(counted + (i - first) + 1) + " of the input of subtask " +
         std::to_string(services.subtask);
}

/// Calls `process(record)` for record i. It may return leat::result<void>: a user error in it makes
/// the record a dead letter, any other fails the job.
template <class T, class Process>
void process_or_reject(const stage_services& services, const rows& from, std::size_t i,
                       std::size_t first, Process process) {
  const T& record = from.as<T>()[i];
  using returned = decltype(process(record));
  if constexpr (std::is_same_v<returned, result<void>>) {
    if (auto done = process(record); !done)
      reject_record(services, place_of(services, from, i, first), record, done.error());
  } else {
    static_assert(std::is_void_v<returned>, "process returns nothing or leat::result<void>");
    process(record);
  }
}

} // namespace leat
