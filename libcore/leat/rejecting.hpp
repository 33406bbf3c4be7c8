// What a stage does with a record that its verb returns an error for.
#pragma once

#include <leat/raw_text.hpp>
#include <leat/stage.hpp>

namespace leat {

/// Makes the record a dead letter for a user error. Any other error fails the job.
template <class T>
void reject_record(const stage_services& services, const stamp& at, const T& record,
                   const error& why) {
  if (why.domain != error_domain::user)
    throw failure(why);
  services.dead_letters->put({why.what, services.stage, raw_place(at), raw_text(record)});
}

/// Calls `process(record)`. It may return leat::result<void>: a user error in it makes the record a
/// dead letter, any other fails the job.
template <class T, class Process>
void process_or_reject(const stage_services& services, const stamp& at, const T& record,
                       Process process) {
  using returned = decltype(process(record));
  if constexpr (std::is_same_v<returned, result<void>>) {
    if (auto done = process(record); !done)
      reject_record(services, at, record, done.error());
  } else {
    static_assert(std::is_void_v<returned>, "process returns nothing or leat::result<void>");
    process(record);
  }
}

} // namespace leat
