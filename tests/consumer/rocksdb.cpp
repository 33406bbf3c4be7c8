// Counts by key in RocksDB.
// prints .*2.*4.*6.*
#include <leat/connectors/console/print.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/job.hpp>
#include <leat/states/rocksdb.hpp>

#include <cstdio>

struct item {
  int number = 0;
  static constexpr auto fields = leat::fields("item", leat::field("number", &item::number));
};

struct doubled {
  using output_type = item;
  leat::value_state<int> sum;
  void open(leat::setup& setup) { sum = setup.value<int>("sum"); }
  void process(const item& i, leat::emitter<item>& out, leat::context& ctx) {
    ctx.edit(sum) += i.number;
    out({ctx.get(sum) * 2});
  }
};

int main() {
  leat::graph g("doubles");
  g.from("numbers", leat::generate([](std::uint64_t n) { return item{int(n) + 1}; }, 3))
      .key_by([](const item& i) { return i.number; })
      .process("doubled", doubled{})
      .to("out", leat::print_sink{});
  leat::run_options options;
  options.states = leat::rocksdb_states("states");
  const auto done = leat::run(std::move(g), std::move(options));
  if (!done)
    std::fprintf(stderr, "%s\n", done.error().what.c_str());
  return done ? 0 : 1;
}
