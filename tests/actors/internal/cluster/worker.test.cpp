#include <leat/internal/cluster/worker.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/limits.hpp"

#include <leat/graph.hpp>

TEST_CASE("a worker finds its connections by the numbers of nodes") {
  leat::worker_role role = leat::role_of({7, 2, {-1, -1, -1}});
  CHECK(role.term == 7);
  CHECK(role.nodes.size() == 3);
  CHECK(&role.link_to(0) == &role.links[0]);
  CHECK(&role.link_to(1) == &role.links[1]);
  CHECK(&role.link_to(3) == &role.links[2]);
}

TEST_CASE("a worker that may not start its threads is told so, before it joins") {
#ifdef __SANITIZE_ADDRESS__
  WARN("SKIPPED: see the test of a job's threads");
  return;
#endif
  const int how = support::with_little_memory([] { // before, it was aborted
    std::vector<support::item> got;
    leat::graph g{"limited"};
    g.from("in", support::given<support::item>{support::numbered(10)})
        .to("out", support::keep<support::item>{&got});
    leat::run_options o;
    o.workers = 200; // stacks of 8 MiB
    o.local_workers = 1;
    const auto refused =
        leat::run_worker(std::move(g), o, leat::role_of({1, 1, {-1}}), [](std::string) {});
    return !refused && refused.error().what.find("the job takes 2") != std::string::npos ? 0 : 1;
  });
  CHECK(how == 0);
}
