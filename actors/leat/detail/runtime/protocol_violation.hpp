// The fault of somebody who does not keep to the stage protocol (docs/design/protocol.md). All that
// Leat sends does; an actor of the user's own, or another process, may not.
#pragma once

#include <leat/error.hpp>

namespace leat {

inline failure protocol_violation(std::string what) {
  return failure(user_error(std::move(what),
                            "an actor that speaks to this stage does not keep to the protocol"));
}

} // namespace leat
