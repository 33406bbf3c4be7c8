// bounds: graphs that would grow without bound if one rule of flow control were missing, one for
// each value of --case. scripts/memory runs them and looks at their memory.
#include <leat/actor.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>

#include <fmt/format.h>
#include <thread>

namespace {

struct tick {
  std::uint64_t n = 0;
  static constexpr auto fields = leat::fields("tick", leat::field("n", &tick::n));
};

struct text {
  std::uint64_t n = 0;
  std::string content;
  static constexpr auto fields =
      leat::fields("text", leat::field("n", &text::n), leat::field("content", &text::content));
};

/// Fails the job unless all records came.
template <class T>
struct counting_sink {
  std::uint64_t expected;
  std::uint64_t taken = 0;
  void write(std::span<const T> records) { taken += records.size(); }
  leat::result<std::uint64_t> prepare(leat::epoch) const {
    if (taken != expected)
      return leat::internal_error(fmt::format("{} of {} records came", taken, expected));
    return taken;
  }
  void commit(std::uint64_t) {}
};

constexpr std::uint64_t rare = 10'000; ///< one of so many takes the slow way

/// Waits five milliseconds for the answer to each record.
struct asking : leat::stage_actor<tick, tick> {
  using stage_actor::stage_actor;
  caf::behavior own_messages() override {
    return {[this](std::uint64_t n) {
      emit({n});
      unpause();
    }};
  }
  void process(const tick& t, leat::emitter<tick>&) {
    pause();
    delayed_send(this, std::chrono::milliseconds{5}, t.n);
  }
};

/// One branch is rare and slow, the other is neither; where they meet, order is kept.
leat::graph slow_and_starved(std::uint64_t count) {
  leat::graph g{"fork"};
  const auto fork = g.from("in", leat::generate([](std::uint64_t n) { return tick{n}; }, count))
                        .map("same", [](const tick& t) { return t; });
  auto few = fork.filter("few", [](const tick& t) { return t.n % rare == 0; })
                 .via("asking", leat::actor<asking>());
  fork.merge("meet", std::move(few))
      .to("out", counting_sink<tick>{count + (count + rare - 1) / rare});
  return g;
}

/// Counts the bytes of each key.
struct measured {
  using output_type = text;
  leat::value_state<std::uint64_t> bytes;
  void open(leat::setup& setup) { bytes = setup.value<std::uint64_t>("bytes"); }
  void process(const text& t, leat::emitter<text>& out, leat::context& ctx) {
    ctx.edit(bytes) += t.content.size();
    out(t);
  }
};

/// Records of a mebibyte, over two shuffles.
leat::graph large_records(std::uint64_t count) {
  leat::graph g{"strings"};
  const auto make = [](std::uint64_t n) {
    return text{n, std::string(1 << 20, static_cast<char>('a' + n % 26))};
  };
  g.from("in", leat::generate(make, count))
      .key_by([](const text& t) { return t.n % 13; })
      .process("first", measured{})
      .key_by([](const text& t) { return t.n % 7; })
      .process("second", measured{})
      .to("out", counting_sink<text>{count});
  return g;
}

/// Its record's number, so that no time goes into it.
struct by_number {
  using score_type = float;
  void predict(std::span<const text> rows, std::span<float> scores) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      scores[i] = static_cast<float>(rows[i].n);
  }
};

/// All records in one pane, which exceeds the memory for it.
leat::graph one_batch(std::uint64_t count) {
  leat::graph g{"batch"};
  const auto make = [](std::uint64_t n) {
    return text{n, std::string(200, static_cast<char>('a' + n % 26))};
  };
  g.from("in", leat::generate(make, count))
      .window("pane", leat::batch{})
      .score("score", by_number{})
      .to("out", counting_sink<leat::scored<text>>{count});
  return g;
}

/// Is stuck in the first record of all for as long as it is told; its other subtasks go on.
struct stuck {
  using output_type = tick;
  std::chrono::milliseconds time;
  void process(const tick& t, leat::emitter<tick>& out, leat::context&) {
    if (t.n == 0)
      std::this_thread::sleep_for(time);
    out(t);
  }
};

/// What reads a stream of promises, with next to no records between them, is stuck.
leat::graph blocked_consumer(std::uint64_t count, std::chrono::milliseconds time) {
  leat::graph g{"blocked"};
  const auto at = [](const tick& t) { return leat::event_time{std::chrono::microseconds{t.n}}; };
  g.from("in", leat::generate([](std::uint64_t n) { return tick{n}; }, count),
         leat::event_time_by{at})
      .key_by([](const tick& t) { return t.n % 13; })
      .process("all", stuck{})
      .filter("few", [](const tick& t) { return t.n % rare == 0; })
      .key_by([](const tick& t) { return t.n % 13; })
      .process("stuck", stuck{time})
      .to("out", counting_sink<tick>{(count + rare - 1) / rare});
  return g;
}

} // namespace

int main(int argc, char** argv) {
  leat::program bounds{"bounds",
                       "Runs what would take memory without bound if a rule were missing."};
  std::string which;
  std::uint64_t count = 0;
  std::uint64_t seconds = 0;
  bounds.add("--case NAME", which, "fork, strings, batch or blocked").required();
  bounds.add("--count N", count, "records that are read").required();
  bounds.add("--seconds N", seconds, "how long the blocked consumer is stuck");
  bounds.graph([&]() -> leat::graph {
    if (which == "fork")
      return slow_and_starved(count);
    if (which == "strings")
      return large_records(count);
    if (which == "batch")
      return one_batch(count);
    if (which == "blocked")
      return blocked_consumer(count, std::chrono::seconds{seconds});
    throw leat::failure(
        leat::user_error("unknown case " + which, "it is fork, strings, batch or blocked"));
  });
  return bounds.main(argc, argv);
}
