// A worker ends with its coordinator, whatever its actors do.
#pragma once

namespace leat {

/// From now on this process ends within `grace` of the moment when nobody holds the far end of the
/// socket any more, or its host is out of reach, which is how the death of the process there is
/// seen. Most of that time is for
/// an orderly end: a worker whose actors are not blocked has left before.
void hold_lifeline(int socket);

} // namespace leat
