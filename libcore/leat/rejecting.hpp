// What a stage does with a record that its verb returns an error for.
#pragma once

#include <leat/raw_text.hpp>
#include <leat/stage.hpp>

namespace leat {

/// Calls `process(record)`. It may return leat::result<void>: a user error in it makes the record a
/// dead letter, any other fails the job.
template <class T, class Process>
void process_or_reject(const stage_services& services, const stamp& at, const T& record,
                       Process process) {
  using returned = decltype(process(record));
  if constexpr (std::is_same_v<returned, result<void>>) {
    if (auto done = process(record); !done) {
      if (done.error().domain != error_domain::user)
        throw failure(done.error());
      services.dead_letters->put(
          {done.error().what, services.stage, raw_place(at), raw_text(record)});
    }
  } else {
    static_assert(std::is_void_v<returned>, "process returns nothing or leat::result<void>");
    process(record);
  }
}

} // namespace leat
