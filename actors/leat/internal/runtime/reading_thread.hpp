// Gives blocking readers their threads.
#pragma once

#include <leat/detail/stage/blocking_reader.hpp>

namespace leat {

/// See start_reading. A reader that can be cancelled has a second to end when the stage is through
/// with it; then, or if it cannot be cancelled, its thread is left behind. What it still reads goes
/// nowhere.
std::unique_ptr<reading_thread> start_reading_thread(std::shared_ptr<blocking_reader> reader,
                                                     waker wake);

} // namespace leat
