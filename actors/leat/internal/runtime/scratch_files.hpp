// Where stages put what they cannot hold in memory.
#pragma once

#include <leat/detail/transport/scratch_file.hpp>

namespace leat {

/// Files in this folder; empty: in $TMPDIR, or else /var/tmp. A file loses its name at once, so the
/// system removes it when the process ends, however that comes about.
make_scratch_file scratch_files_in(std::string folder);

/// The same in memory, for a simulation.
make_scratch_file simulated_scratch_files();

} // namespace leat
