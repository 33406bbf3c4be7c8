#include "windows.hpp"

#include "by_hand.hpp"
#include "figures.hpp"
#include "pipelines.hpp"

#include <leat/detail/record/key.hpp>
#include <leat/graph.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <vector>

namespace bench {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t window = 1'000'000, disorder = 1000; // microseconds; a record for each

std::uint64_t key_of(const item& i) { return i.key & first_keys; }
std::uint64_t micros_of(const item& i) { return i.id + 2 * disorder - i.key % disorder; }

struct window_sum {
  std::uint64_t key = 0;
  std::uint64_t sum = 0;
};

/// The sums of one window.
class table {
public:
  table() : slots_(4 * (first_keys + 1)) {}

  void add(std::uint64_t key, std::uint64_t value) {
    const std::uint64_t mask = slots_.size() - 1;
    std::uint64_t at = leat::key_hash(key) & mask;
    while (slots_[at].key != key + 1 && slots_[at].key != 0)
      at = (at + 1) & mask;
    if (slots_[at].key == 0) {
      slots_[at].key = key + 1;
      used_.push_back(at);
    }
    slots_[at].sum += value;
  }
  template <class Emit>
  void drain(Emit emit) {
    for (const std::uint64_t at : used_) {
      emit(window_sum{slots_[at].key - 1, slots_[at].sum});
      slots_[at] = {};
    }
    used_.clear();
  }

private:
  std::vector<window_sum> slots_;
  std::vector<std::uint64_t> used_;
};

std::uint64_t sum_of_all(std::uint64_t count) {
  std::uint64_t sum = 0;
  for (std::uint64_t n = 0; n < count; ++n)
    sum += generate(n).value;
  return sum;
}

void require_all(std::uint64_t sum, std::uint64_t count) {
  if (sum != sum_of_all(count))
    throw leat::failure(leat::internal_error("windows have lost or doubled records"));
}

using result = leat::windowed<std::uint64_t, std::uint64_t>;

struct result_sink {
  std::uint64_t* sum;
  void write(std::span<const result> all) {
    for (const result& r : all)
      *sum += r.result;
  }
};

} // namespace

double window_by_hand(std::uint64_t count) {
  std::array<table, 2> tables; // of the open windows, by their number modulo 2
  std::uint64_t sum = 0, oldest = 0, highest = 0;
  const double before = cpu_seconds();
  const auto emit = [&](const window_sum& s) { sum += s.sum; };
  for (std::uint64_t n = 0; n < count; ++n) {
    const item i = generate(n);
    const std::uint64_t at = micros_of(i);
    highest = std::max(highest, at);
    while (highest >= (oldest + 1) * window + disorder)
      tables[oldest++ % 2].drain(emit);
    tables[at / window % 2].add(key_of(i), i.value);
  }
  for (table& t : tables)
    t.drain(emit);
  const double ns = (cpu_seconds() - before) * 1e9 / static_cast<double>(count);
  require_all(sum, count);
  return ns;
}

double window_cpu(std::uint64_t count) {
  std::uint64_t sum = 0;
  leat::graph g("windows");
  const auto time_of = [](const item& i) {
    return leat::from_micros(static_cast<std::int64_t>(micros_of(i)));
  };
  g.from("source", item_source{count},
         leat::event_time_by{time_of, std::chrono::microseconds{disorder}})
      .key_by(key_of)
      .window("sums", leat::tumbling(std::chrono::microseconds{window}))
      .aggregate<leat::sum<&item::value>>()
      .to("sink", result_sink{&sum});
  const double before = cpu_seconds();
  run_job(std::move(g), {});
  const double ns = (cpu_seconds() - before) * 1e9 / static_cast<double>(count);
  require_all(sum, count);
  return ns;
}

double hour_window_cpu(bool sliding, std::uint64_t count) {
  std::uint64_t sum = 0;
  leat::graph g("hours");
  auto keyed =
      g.from("source", item_source{count}, leat::event_time_by{[](const item& i) {
               return leat::from_millis(static_cast<std::int64_t>(i.id)); // a thousand a second
             }})
          .key_by([](const item& i) { return i.id % 10; });
  const auto put = [&](auto windows) {
    std::move(keyed)
        .window("sums", windows)
        .template aggregate<leat::sum<&item::value>>()
        .to("sink", result_sink{&sum});
  };
  sliding ? put(leat::sliding(1h, 1s)) : put(leat::tumbling(1h));
  const double before = cpu_seconds();
  run_job(std::move(g), {});
  return (cpu_seconds() - before) * 1e9 / static_cast<double>(count);
}

} // namespace bench
