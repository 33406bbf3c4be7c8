// Which stages wait for a split that brings nothing, though others have come further.
#pragma once

#include <leat/job.hpp>

namespace leat {

/// A stage and the silent split that holds its watermark back.
struct held_back_stage {
  const stage_metrics* stage;
  const slowest_split* split;
};

/// Those whose split has been silent for a second, while another one upstream has come further, in
/// the order of the graph. Pointers lead into `r`.
std::vector<held_back_stage> held_back(const job_metrics& r);

/// "pane is held back by split eu.csv of payments, at 2026-01-05T10:00:00Z for 12 s".
std::string text_of(const held_back_stage& h);

} // namespace leat
