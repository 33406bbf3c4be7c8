// A program for restarts.py: a keyed stage that crashes, throws or hangs at numbers that it is
// told.
#include <leat/connectors/json_lines/sink.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>

#include "number.hpp"

#include <csignal>
#include <thread>
#include <unistd.h>

namespace {

struct fragile {
  using output_type = number;
  std::uint64_t crash_at = 0, abort_at = 0, throw_at = 0, hang_at = 0;
  leat::value_state<std::uint64_t> sum;
  void open(leat::setup& setup) { sum = setup.value<std::uint64_t>("sum"); }
  void process(const number& r, leat::emitter<number>& out, leat::context& ctx) {
    const auto is = [&r](std::uint64_t at) { return at != 0 && r.n == at; };
    if (is(crash_at))
      ::raise(SIGSEGV);
    if (is(abort_at))
      std::abort();
    if (is(throw_at))
      throw std::runtime_error("thrown");
    while (is(hang_at))
      ::pause();
    out({r.n, ctx.edit(sum) += r.n});
  }
};

} // namespace

int main(int argc, char** argv) {
  leat::program program{"restarts", "Fails and goes on, for tests."};
  std::uint64_t count = 0;
  fragile stage;
  std::uint64_t slow_start = 0;
  std::string out;
  program.add("--slow-start SECONDS", slow_start, "how long it takes to make the graph");
  program.add("--count N", count, "how many numbers").required();
  program.add("--out FILE", out, "where the sums go").required();
  program.add("--crash-at N", stage.crash_at, "the number that ends the process by SIGSEGV");
  program.add("--abort-at N", stage.abort_at, "the number that ends it by SIGABRT");
  program.add("--throw-at N", stage.throw_at, "the number for which an exception is thrown");
  program.add("--hang-at N", stage.hang_at, "the number at which it blocks for ever");
  program.graph([&] {
    std::this_thread::sleep_for(std::chrono::seconds{slow_start});
    leat::graph g{"restarts"};
    g.from("numbers", leat::generate(
                          [](std::uint64_t n) {
                            return number{n, 0};
                          },
                          count))
        .key_by([](const number& r) { return r.n % 13; })
        .process("fragile", stage)
        .to("out", leat::json_lines_sink<number>{out});
    return g;
  });
  return program.main(argc, argv);
}
