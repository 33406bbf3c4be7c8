#include "checkpoints.hpp"

#include "pipelines.hpp"
#include "temporary_folder.hpp"

#include <leat/detail/state/keyed_store.hpp>
#include <leat/detail/state/value_column.hpp>

#include <cstring>

namespace bench {

namespace {

constexpr std::uint64_t many_keys = (1 << 20) - 1;

struct replayable_items : item_source {
  std::uint64_t position() const { return next; }
  leat::result<void> seek(std::uint64_t to) {
    next = to;
    return {};
  }
};

struct counting_sink {
  std::uint64_t* sum;
  void write(std::span<const item> records) {
    for (const item& i : records)
      *sum += weight(i);
  }
};

double milliseconds(const auto& f) {
  const auto begun = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
      .count();
}

} // namespace

checkpoint_figures keyed_with_checkpoints(std::uint64_t count, bool checkpoints) {
  const temporary_folder folder;
  std::uint64_t sum = 0;
  leat::graph g("checkpoints");
  g.from("source", replayable_items{{count}})
      .key_by([](const item& i) { return i.key & many_keys; })
      .process("sums", running_sum{})
      .to("sink", counting_sink{&sum});
  leat::run_options options;
  if (checkpoints)
    options.checkpoints.folder = folder.path();
  const auto done = leat::run(std::move(g), options);
  if (!done)
    throw leat::failure(done.error());
  checkpoint_figures f{records_per_second(count, *done)};
  if (done->checkpoints) {
    f.completed = done->checkpoints->completed;
    f.seconds = std::chrono::duration<double>(done->checkpoints->longest).count();
    f.mib = static_cast<double>(done->checkpoints->most_bytes) / (1024 * 1024);
  }
  return f;
}

pause_figures pause_for_checkpoint() {
  using namespace leat::detail;
  using sum = value_column<std::uint64_t, state_kind::value>;
  keyed_store<std::uint64_t> store;
  sum& sums = store.declare<sum>("sum");
  for (std::uint64_t key = 0; key <= many_keys; ++key) {
    store.enter(key);
    sums.edit(store.claim()) = key;
    store.leave();
  }
  const std::vector<std::uint64_t> from(many_keys, 1);
  std::vector<std::uint64_t> to(many_keys);
  std::shared_ptr<const keyed_store<std::uint64_t>> kept;
  pause_figures f;
  f.snapshot = milliseconds([&] { kept = store.snapshot(); });
  f.copy = milliseconds([&] { std::memcpy(to.data(), from.data(), to.size() * sizeof to[0]); });
  if (kept->size() != store.size() || to != from)
    throw leat::failure(leat::internal_error("a copy differs"));
  return f;
}

} // namespace bench
