#include <leat/internal/runtime/wiring.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

#include <leat/internal/runtime/system.hpp>

TEST_CASE("subtasks compress what they send to other nodes if the run asks for it") {
  leat::graph g{"wired"};
  g.from("in", support::given<support::item>{})
      .key_by(support::key_of_item)
      .process("chained", support::chained_hash{})
      .to("out", support::discard{});
  const leat::steady_clock time;
  for (const bool compress : {false, true}) {
    leat::run_options o;
    o.parallelism = 2;
    o.compress = compress;
    const leat::wired_job w = leat::wire_up(g.plan(), o, time, false);
    REQUIRE(w.subtasks.size() > 3);
    for (const leat::planned_subtask& t : w.subtasks)
      CHECK(t.blueprint.compresses == compress);
  }
}
