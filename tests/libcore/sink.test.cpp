#include <leat/sink.hpp>

#include <leat/graph.hpp>

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
    leat::result<std::string> prepare(leat::epoch n) {
      return said->push_back("prepare"), "of epoch " + std::to_string(n);
    }
    void commit(const std::string& what) { said->push_back("commit " + what); }
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
  h.stage->commit(h.stage->prepare_output(3));
  CHECK(said == std::vector<std::string>{"stage 1/2", "write 4", "write 1", "flush", "prepare",
                                         "commit of epoch 3"});
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

TEST_CASE(
    "after a restart a sink commits again, takes its state from what it prepared, and discards") {
  struct total {
    std::vector<std::string>* said;
    std::int64_t sum = 0;
    void open(const leat::sink_context& p) {
      said->push_back("open after " + std::to_string(p.after) +
                      (p.checkpoints ? " in " + p.folder : " without checkpoints"));
    }
    void write(std::span<const item> records) {
      for (const item& i : records)
        sum += i.number;
    }
    std::int64_t prepare(leat::epoch) { return sum; }
    void commit(std::int64_t what) { said->push_back("commit " + std::to_string(what)); }
    void restore(std::int64_t what) { sum += what; }
    void discard_uncommitted() { said->push_back("discard"); }
  };
  std::vector<std::string> said;
  const auto with_checkpoints = [](support::hosted& h) {
    h.services.checkpoints = true;
    h.services.after = 3;
    h.services.folder = "here";
  };
  support::hosted first;
  with_checkpoints(first);
  REQUIRE(first.open(stage_of(total{&said})));
  first.consume(support::frame_of(support::numbered(4)));
  const std::string prepared = first.stage->prepare_output(7);

  support::hosted second;
  with_checkpoints(second);
  REQUIRE(second.open(stage_of(total{&said})));
  second.stage->commit(prepared);
  second.stage->restore_output(prepared);
  second.stage->discard_uncommitted();
  second.consume(support::frame_of(support::numbered(3)));
  second.stage->commit(second.stage->prepare_output(9));
  CHECK(said == std::vector<std::string>{"open after 3 in here", "open after 3 in here", "commit 6",
                                         "discard", "commit 9"});
  CHECK_THROWS_AS(second.stage->commit("?"), leat::failure);
  CHECK_THROWS_AS(second.stage->restore_output(prepared + "?"), leat::failure);
}

TEST_CASE("a sink without these verbs needs none of them") {
  struct plain {
    void write(std::span<const item>) {}
  };
  support::hosted h;
  REQUIRE(h.open(stage_of(plain{})));
  h.stage->commit("");
  h.stage->restore_output("");
  h.stage->discard_uncommitted();
  CHECK(h.stage->prepare_output(1).empty());
}

namespace {

struct by_epoch {
  static constexpr bool publishes_as_it_goes = true;
  std::vector<std::string>* said = nullptr;
  void write(std::span<const item>) {}
  std::string prepare(leat::epoch) { return {}; }
  void commit(const std::string&) {}
  leat::result<void> check(const leat::sink_context& p) const {
    said->push_back(p.stage + (p.checkpoints ? " with" : " without"));
    return {};
  }
  std::vector<leat::file_use> targets(const leat::sink_context& p) const {
    return {{p.stage + std::to_string(p.subtasks), false, p.checkpoints}};
  }
};

struct with_keys : by_epoch {
  static constexpr bool commits_with_keys = true;
};

struct at_once {
  static constexpr bool publishes_as_it_goes = true;
  void write(std::span<const item>) {}
};

} // namespace

TEST_CASE("the plan knows how a sink publishes, and what its check and targets are asked for") {
  std::vector<std::string> said;
  leat::graph g{"sinks"};
  const auto items = g.from("items", support::given<item>{});
  items.to("a", by_epoch{&said});
  items.to("b", with_keys{{&said}});
  items.to("c", at_once{});
  auto& stages = g.plan().stages;
  REQUIRE(stages.size() == 4);
  using publication = leat::sink_publication;
  CHECK(stages[1].kind.publication == publication::by_epoch);
  CHECK(stages[2].kind.publication == publication::by_epoch_with_keys);
  CHECK(stages[3].kind.publication == publication::as_it_goes);
  for (const bool checkpoints : {false, true}) {
    for (auto& s : stages)
      s.checkpoints = checkpoints;
    CHECK(stages[1].publishes_as_it_goes() != checkpoints);
    CHECK(stages[2].publishes_as_it_goes() != checkpoints);
    CHECK(stages[3].publishes_as_it_goes());
    CHECK(stages[1].maker->prepare(stages[1]));
    const auto files = stages[1].maker->files(stages[1], 3);
    REQUIRE(files.size() == 1);
    CHECK(files[0].path == "a3");
    CHECK(files[0].folder == checkpoints);
  }
  CHECK(said == std::vector<std::string>{"a without", "a with"});
}
