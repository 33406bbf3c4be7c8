// A program whose graph is run on clusters by check.py: two keyed stages, a model, and a sink that
// writes what comes of it.
#include <leat/connectors/json_lines/sink.hpp>
#include <leat/run.hpp>

#include "number.hpp"

#include <thread>
#include <unistd.h>

namespace {

struct numbers {
  using record_type = number;
  std::uint64_t end = 0;
  std::uint64_t next = 0;
  leat::pull_status pull(std::size_t demand, leat::emitter<number>& out) {
    for (; demand > 0 && next < end; --demand, ++next)
      out({next, next});
    return next < end ? leat::pull_status::more() : leat::pull_status::done();
  }
};

/// What it emits depends on the order of a key's records. It can be told to block for ever, or to
/// reject.
struct chained {
  using output_type = number;
  std::uint64_t hang_at = 0;
  std::uint64_t reject_at = 0;
  leat::value_state<std::uint64_t> state;
  void open(leat::setup& setup) { state = setup.value<std::uint64_t>("state"); }
  leat::result<void> process(const number& r, leat::emitter<number>& out, leat::context& ctx) {
    while (hang_at != 0 && r.n >= hang_at)
      ::pause();
    if (reject_at != 0 && r.n >= reject_at)
      return leat::user_error("too large a number");
    auto& s = ctx.edit(state);
    s = (s ^ r.sum) * 0x100000001b3ULL + 1;
    if (s % 7 != 0) // some come to nothing
      out({r.n, s});
    return {};
  }
};

struct parity {
  using score_type = float;
  void predict(std::span<const number> rows, std::span<float> scores) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      scores[i] = static_cast<float>(rows[i].sum % 2);
  }
};

} // namespace

int main(int argc, char** argv) {
  leat::program counting{"counting", "Counts, for tests of clusters."};
  std::uint64_t count = 0;
  std::uint64_t hang_at = 0;
  std::uint64_t reject_at = 0;
  std::uint64_t slow_start = 0;
  std::string out;
  counting.add("--slow-start SECONDS", slow_start, "how long it takes to make the graph");
  counting.add("--count N", count, "how many numbers").required();
  counting.add("--out FILE", out, "where the odd ones go").required();
  counting.add("--hang-at N", hang_at, "a stage blocks for ever from this number on");
  counting.add("--reject-at N", reject_at, "a stage rejects numbers from this one on");
  counting.graph([&] {
    std::this_thread::sleep_for(std::chrono::seconds{slow_start});
    leat::graph g{"counting"};
    g.from("numbers", numbers{count})
        .key_by([](const number& r) { return r.n % 101; })
        .process("first", chained{})
        .key_by([](const number& r) { return r.n % 13; })
        .process("second", chained{hang_at, reject_at, {}})
        .window("pane", leat::record_at_a_time{})
        .score("parity", parity{})
        .filter("odd", [](const leat::scored<number>& s) { return s.score > 0; })
        .map("number", [](const leat::scored<number>& s) { return s.record; })
        .to("out", leat::json_lines_sink<number>{out});
    return g;
  });
  return counting.main(argc, argv);
}
