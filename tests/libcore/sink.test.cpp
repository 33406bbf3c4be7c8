#include <leat/sink.hpp>

#include "support/catch.hpp"
#include "support/hosted.hpp"

using support::item;

namespace {

template <class Sink>
std::unique_ptr<leat::stage> stage_of(Sink s) {
  return std::make_unique<leat::sink_stage<item, Sink>>(std::move(s), std::chrono::nanoseconds{0});
}

} // namespace

TEST_CASE("a sink gets all records, is flushed, prepared and committed, and ages are measured") {
  struct told {
    std::vector<std::string>* said;
    void open(const leat::sink_context& p) {
      said->push_back(p.stage + " " + std::to_string(p.subtask) + "/" + std::to_string(p.subtasks));
    }
    void write(std::span<const item> r) { said->push_back("write " + std::to_string(r.size())); }
    void flush() { said->push_back("flush"); }
    leat::result<void> prepare() { return said->push_back("prepare"), leat::result<void>{}; }
    void commit() { said->push_back("commit"); }
  };
  std::vector<std::string> said;
  support::hosted h;
  h.services.subtasks = 2;
  h.services.subtask = 1;
  REQUIRE(h.open(stage_of(told{&said})));
  leat::frame f = support::frame_of(support::numbered(5));
  f.records->envelopes.note_ingest(0, h.clock.time - 1000);
  f.records->envelopes.note_ingest(3, h.clock.time - 500);
  std::size_t next = 0;
  h.stage->consume(0, f, next, 4);
  h.stage->consume(0, f, next, 5);
  h.stage->flush();
  CHECK(h.stage->finish());
  h.stage->commit();
  CHECK(said ==
        std::vector<std::string>{"stage 1/2", "write 4", "write 1", "flush", "prepare", "commit"});
  CHECK(h.counters.records_in == 5);
  CHECK(h.latency.count() == 5);
  CHECK(h.latency.highest() == 1000);
  CHECK(h.latency.quantile(0.4) <= 520);
}

TEST_CASE("a sink that has enough gets no more") {
  struct three {
    std::size_t* got;
    leat::write_status write(std::span<const item> r) {
      *got += r.size();
      return *got >= 3 ? leat::write_status::enough : leat::write_status::more;
    }
  };
  std::size_t got = 0;
  support::hosted h;
  REQUIRE(h.open(stage_of(three{&got})));
  h.consume(support::frame_of(support::numbered(2)));
  CHECK_FALSE(h.stage->satisfied());
  h.consume(support::frame_of(support::numbered(2)));
  CHECK(h.stage->satisfied());
  h.consume(support::frame_of(support::numbered(50)));
  CHECK(got == 4);
}

TEST_CASE("errors of a sink are faults") {
  struct full_disk {
    leat::result<void> write(std::span<const item>) {
      return leat::external_error("no space left");
    }
  };
  support::hosted h;
  REQUIRE(h.open(stage_of(full_disk{})));
  CHECK_THROWS_AS(h.consume(support::frame_of(support::numbered(1))), leat::failure);

  struct no_folder {
    leat::result<void> open(const leat::sink_context&) {
      return leat::user_error("no such folder");
    }
    void write(std::span<const item>) {}
  };
  support::hosted other;
  const auto opened = other.open(stage_of(no_folder{}));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().what == "no such folder");
}
