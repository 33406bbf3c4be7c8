// The messages that this process sends to other nodes of its host, over CAF's network.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace bench {

/// By what they are, as in their type's name: "encoded", "grant"; all that is CAF's own is "caf".
using message_counts = std::map<std::string, std::uint64_t>;

/// How many were sent so far. To be called when nobody sends any more.
message_counts sent_messages();

} // namespace bench
