// states: keyed state of any size. Each key comes twice, in an order without locality; what is
// known of some is written. scripts/memory runs it in little memory, tests/states/killed.py kills
// it. Built where RocksDB is.
#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>
#include <leat/states/rocksdb.hpp>

namespace {

struct visit {
  std::uint64_t key = 0;
  std::uint64_t n = 0;
  static constexpr auto fields =
      leat::fields("visit", leat::field("key", &visit::key), leat::field("n", &visit::n));
};

/// Numbers below 2^64 in another order.
std::uint64_t scattered(std::uint64_t n) {
  n *= 0x9E37'79B9'7F4A'7C15U;
  n ^= n >> 32U;
  return n * 0xD6E8'FEB8'6659'FD93U;
}

/// Emits the sum of the numbers of each visit that is a multiple of `each`.
struct sums {
  using output_type = visit;
  std::uint64_t each = 1;
  leat::value_state<std::uint64_t> sum;
  void open(leat::setup& setup) { sum = setup.value<std::uint64_t>("sum"); }
  void process(const visit& v, leat::emitter<visit>& out, leat::context& ctx) {
    const std::uint64_t now = ctx.edit(sum) += v.n + 1;
    if (v.n % each == 0)
      out({v.key, now});
  }
};

leat::graph graph_of(std::uint64_t keys, std::uint64_t count, std::uint64_t each,
                     const std::string& output) {
  leat::graph g{"states"};
  g.from("in", leat::generate(
                   [keys](std::uint64_t n) {
                     return visit{scattered(n % keys), n};
                   },
                   count))
      .key_by([](const visit& v) { return v.key; })
      .process("sums", sums{each, {}})
      .to("out", leat::csv_sink<visit>{output});
  return g;
}

} // namespace

int main(int argc, char** argv) {
  leat::program states{"states", "Sums by key, with as many keys as are asked for."};
  std::uint64_t keys = 1'000'000, count = 2'000'000, each = 1000;
  std::string output;
  states.add("--keys N", keys, "different keys");
  states.add("--count N", count, "records that are read");
  states.add("--each N", each, "a sum is written for one of so many records");
  states.add("--output FILE", output, "sums as CSV").required();
  // [region offer]
  states.offer_states("rocksdb", leat::rocksdb_states); // of <leat/states/rocksdb.hpp>
  // [end]
  states.graph([&] { return graph_of(keys, count, each, output); });
  return states.main(argc, argv);
}
