#include <leat/emitter.hpp>

#include <leat/detail/transport/chain_branch.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"
#include "support/letters.hpp"

#include <rapidcheck.h>

using support::at;
using support::item;

namespace {

struct one_output {
  support::set_clock clock;
  support::kept_frames wire;
  support::kept_letters letters;
  std::vector<leat::port*> ports;
  leat::emitter<item> out;

  explicit one_output(leat::credit window = {1000, 100'000, 10'000'000}, std::size_t frame = 4,
                      std::optional<std::uint32_t> number = {})
      : out(to_port(number)) {
    out.list_ports(ports);
    leat::edge_settings s;
    s.carried = {true, false};
    s.credit_limit = window;
    ports[0]->connect(wire, 0, s, clock);
    out.open({frame}, s.carried, "stage", &letters);
  }

  static leat::fanout to_port(std::optional<std::uint32_t> number) {
    leat::fanout to(number);
    to.add(std::make_unique<leat::direct_branch>(leat::record_type_of<item>, leat::routing::forward,
                                                 0));
    return to;
  }

  std::vector<leat::stamp> stamps() const {
    std::vector<leat::stamp> all;
    for (const auto& s : wire.all)
      for (std::size_t i = 0; i < s.content.size(); ++i)
        all.push_back(s.content.records->envelopes.stamp_of(i));
    return all;
  }
};

} // namespace

TEST_CASE("descendants inherit the stamp and are numbered; stamps never fall along an edge") {
  one_output o({1000, 100'000, 10'000'000}, 100);
  leat::stamp last;
  std::size_t count = 0;
  const std::vector<std::int64_t> times{5, 9,  7,  7, 9,
                                        3, 10, 10, 2}; // as by_arrival may bring them
  for (const std::int64_t t : times) {
    o.out.descend_from({at(t)}, true);
    for (int k = 0; k < 3; ++k, ++count)
      o.out({0, t, k});
  }
  const auto& rows = o.out.gathered();
  REQUIRE(rows.size() == count);
  for (std::size_t i = 0; i < count; ++i) {
    INFO(i);
    CHECK(rows.envelopes.stamp_of(i) > last); // no two are equal
    last = rows.envelopes.stamp_of(i);
  }
  CHECK(rows.envelopes.stamp_of(4) ==
        leat::stamp{at(9).time, leat::first_source, 0, 1, leat::stamp_path{}.child(1)});
}

TEST_CASE("descendants of one record are numbered on, wherever they were handed on between them") {
  for (const std::optional<std::uint32_t> number : {std::optional<std::uint32_t>{}, {2u}}) {
    one_output together({1000, 100'000, 10'000'000}, 100, number);
    one_output apart({1000, 100'000, 10'000'000}, 100, number);
    for (std::int64_t k = 0; k < 4; ++k)
      for (one_output* o : {&together, &apart}) {
        o->out.descend_from({at(7)}, true); // as for a timer that fires right after its record
        o->out({0, 7, k});
        if (o == &apart)
          o->out.hand_on();
      }
    for (one_output* o : {&together, &apart}) {
      o->out.hand_on();
      o->ports[0]->flush();
    }
    CHECK(apart.stamps() == together.stamps());
  }
}

TEST_CASE("an output hands on whole or not at all, and counts") {
  one_output o({1, 1, 1});
  o.out.descend_from({at(1)}, true);
  CHECK(o.out.hand_on()); // nothing to do
  for (int n = 0; n < 3; ++n)
    o.out({0, n, 0});
  CHECK_FALSE(o.out.full());
  CHECK(o.out.take_count() == 0);
  o.out({0, 3, 0}); // fills a frame, which goes
  CHECK(o.out.take_count() == 4);
  CHECK(o.out.take_count() == 0);
  o.out({0, 4, 0});
  CHECK_FALSE(o.out.hand_on()); // waits in the port
  CHECK(o.out.blocked());
  o.out({0, 5, 0});
  CHECK_FALSE(o.out.hand_on());
  CHECK(o.out.records().size() == 1);
  o.ports[0]->grant(0, {1, 4, 1'000'000});
  CHECK_FALSE(o.out.blocked());
  CHECK_FALSE(o.out.hand_on()); // overdrawn by the frame before
  CHECK(o.out.take_count() == 2);
}

TEST_CASE("ingest times of records that led to nothing are not gathered") {
  one_output o;
  for (int n = 1; n <= 100'000; ++n)
    o.out.descend_from(leat::envelope{.ingested = n}, true);
  CHECK(o.out.gathered().envelopes.ingest().empty());
  o.out({0, 1, 0});
  CHECK(leat::envelope_cursor(o.out.gathered().envelopes, {}).at(0).ingested == 100'000);
}

TEST_CASE("what could not become a record is a dead letter with the stage's name") {
  one_output o;
  o.out.reject("bad number", "file.csv:7", "1,x");
  REQUIRE(o.letters.letters.size() == 1);
  CHECK(o.letters.letters[0].stage == "stage");
  CHECK(o.letters.letters[0].place == "file.csv:7");
}
