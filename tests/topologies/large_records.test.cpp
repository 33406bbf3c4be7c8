// Records that own much heap memory: a frame exceeds its limit in bytes by less than one record,
// whatever fills it.
#include <leat/connectors/memory/generate.hpp>
#include <leat/testing/simulation.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

using support::text_item;

namespace {

constexpr std::size_t large = 1 << 20;
constexpr std::size_t frame = 32 * 1024;
constexpr std::int64_t records = 48;

text_item text_of(std::int64_t n, std::size_t size) {
  return {n, std::string(size, static_cast<char>('a' + n % 26))};
}

// What reached a sink: the largest frame, in bytes, and all records.
struct measured {
  std::size_t most = 0;
  std::size_t count = 0;
};
struct measure {
  measured* at;
  template <class T>
  void write(std::span<const T> all) {
    std::size_t bytes = 0;
    for (const T& r : all)
      bytes += sizeof(T) + leat::heap_bytes(r);
    at->most = std::max(at->most, bytes);
    at->count += all.size();
  }
};

struct repeat {
  using output_type = text_item;
  void process(const text_item& t, leat::emitter<text_item>& out, leat::context&) {
    for (int i = 0; i < 20; ++i)
      out(t);
  }
};

struct by_length {
  using score_type = float;
  void predict(std::span<const text_item> rows, std::span<float> scores) const {
    std::transform(rows.begin(), rows.end(), scores.begin(),
                   [](const text_item& t) { return static_cast<float>(t.text.size()); });
  }
};

template <class Source, class Build>
void check(Source source, Build build, std::size_t limit, std::size_t expected) {
  for (const bool apart : {false, true}) {
    INFO("apart: " << apart);
    measured got;
    leat::graph g{"large"};
    build(g.from("in", source), measure{&got});
    leat::testing::simulation_options o;
    o.run.parallelism = 2;
    o.apart = apart;
    leat::testing::simulation world(std::move(g), o);
    const auto report = world.run();
    INFO((report ? "" : to_string(report.error())));
    REQUIRE(report);
    CHECK(got.most < limit + large + 1000);
    CHECK(got.count == expected);
  }
}

const auto key_of = [](const text_item& t) { return t.number; };

// Asks nobody whether the frame is full.
support::given<text_item> greedy() {
  support::given<text_item> source;
  for (std::int64_t n = 0; n < records; ++n)
    source.records.push_back(text_of(n, large));
  return source;
}

auto mixed() {
  return leat::generate(
      [](std::uint64_t n) {
        const auto number = static_cast<std::int64_t>(n);
        return text_of(number, number % 3 == 0 && number > 1000 ? large : 100);
      },
      1000 + records);
}

} // namespace

TEST_CASE("frames of large records are cut by their bytes: as they are read") {
  const auto build = [](auto in, measure to) { in.to("out", to); };
  check(greedy(), build, frame, records);
  check(mixed(), build, frame, 1000 + records);
  check(support::given_splits<text_item>{{greedy(), greedy()}}, build, frame, 2 * records);
}

TEST_CASE("frames of large records are cut by their bytes: where records grow or multiply") {
  const auto small = leat::generate(
      [](std::uint64_t n) { return text_of(static_cast<std::int64_t>(n), 10); }, records);
  check(
      small,
      [](auto in, measure to) {
        in.map("grow", [](const text_item& t) { return text_of(t.number, large); }).to("out", to);
      },
      frame, records);
  check(
      small,
      [](auto in, measure to) {
        in.flat_map("multiply", [](const text_item& t) {
            return std::vector<text_item>(3, text_of(t.number, large / 2));
          }).to("out", to);
      },
      frame, 3 * records);
  check(
      small,
      [](auto in, measure to) {
        auto grown = in.map("grow", [](const text_item& t) { return text_of(t.number, large); });
        grown.filter("a", [](const text_item& t) { return t.number % 2 == 0; }).to("even", to);
        auto odd = grown.filter("b", [](const text_item& t) { return t.number % 2 == 1; });
        odd.to("odd", to);
        odd.map("again", [](const text_item& t) { return t; }).to("odd again", to);
      },
      frame, records + records / 2);
}

TEST_CASE("frames of large records are cut by their bytes: what one call of a verb emits") {
  check(
      leat::generate([](std::uint64_t n) { return text_of(static_cast<std::int64_t>(n), large); },
                     6),
      [](auto in, measure to) {
        in.key_by(key_of)
            .process("repeat", repeat{})
            .key_by(key_of)
            .process("again", repeat{})
            .to("out", to);
      },
      frame, 6 * 20 * 20);
}

TEST_CASE("frames of large records are cut by their bytes: fragments of a pane") {
  check(
      mixed(),
      [](auto in, measure to) {
        in.window("pane", leat::batch{}).score("score", by_length{}).to("out", to);
      },
      256 * 1024 + frame, 1000 + records);
  check(
      mixed(),
      [](auto in, measure to) {
        in.window("pane", leat::micro_batch{100, std::chrono::milliseconds{1}})
            .score("score", by_length{})
            .to("out", to);
      },
      256 * 1024 + frame, 1000 + records);
}
