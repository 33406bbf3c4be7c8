// Saved subtasks: any bytes are the state of a subtask or an error, and what was loaded is saved as
// bytes that load again, as the same. Most inputs are saved subtasks with bytes changed: random
// bytes alone seldom get past the head.
#include "fuzz/fuzz.hpp"

#include "actors/detail/runtime/subtask_input.hpp"

#include <leat/detail/runtime/subtask.hpp>
#include <leat/detail/stage/typed_source.hpp>

namespace {

using saving::sample;
using support::dice;
using support::text_item;

struct unheard final : leat::subtask_host {
  void send(std::size_t, std::size_t, leat::frame) override {}
  void promise(std::size_t, const leat::mark&, std::span<const std::uint64_t>) override {}
  void look(leat::inlet&) override {}
  void grant(std::size_t, const leat::credit&) override {}
  void cancel(std::size_t) override {}
  void again(std::uint64_t) override {}
  void wake_at(leat::clock_time, std::uint64_t) override {}
  void prepared() override {}
  void done() override {}
};

// Splits of texts, which name themselves by their first record.
struct texts_by_name : support::given<text_item> {
  std::string name() const { return records.front().text; }
};
struct splits_by_name {
  using record_type = text_item;
  std::vector<texts_by_name> all;
  std::vector<texts_by_name> splits() const { return all; }
};

sample sample_of_source(dice& roll) {
  splits_by_name source;
  for (int n = roll(1, 4); n > 0; --n) {
    source.all.emplace_back().records.push_back({n, std::to_string(n)});
    for (int more = roll(0, 12); more > 0; --more)
      source.all.back().records.push_back({n + roll(0, 30), "text"});
  }
  return {.name = "source",
          .make =
              [source] {
                const auto time_of = [](const text_item& t) { return leat::from_micros(t.number); };
                return leat::make_source_stage(source, leat::event_time_by{time_of},
                                               support::into_port<text_item>());
              },
          .channels = 0};
}

struct subject {
  const sample& of;
  support::set_clock clock;
  support::kept_letters letters;
  unheard host;
  leat::subtask_metrics metrics;
  std::optional<leat::subtask> subtask;

  explicit subject(const sample& s) : of(s), metrics(s.lanes.size()) {
    leat::subtask::settings settings;
    leat::input_edge edge{.from = "before", .type = "text_item"};
    edge.codec = of.takes_scores ? leat::row_codec_of<leat::scored<text_item>>()
                                 : leat::row_codec_of<text_item>();
    settings.channels.assign(of.channels, std::make_shared<const leat::input_edge>(edge));
    settings.ordered = of.ordered;
    settings.credit_limit = {1'000'000, 1'000'000'000, 1'000'000'000'000};
    settings.services.stage = of.name;
    settings.services.time = &clock;
    settings.services.dead_letters = &letters;
    settings.services.keep_order = true;
    settings.services.wake_soon = [] {};
    settings.services.limits.records = 4;
    for (const std::size_t lanes : of.lanes)
      settings.ports.push_back({lanes, of.stamped ? leat::all_columns : leat::carried_columns{},
                                settings.credit_limit, settings.services.limits});
    subtask.emplace(of.make(), settings, host, metrics);
    fuzz::require(bool(subtask->open()), "it opens");
  }

  // A few steps of input, or turns of a source.
  void work(dice& roll) {
    if (of.channels == 0)
      return subtask->woken(0);
    for (const saving::step& s : saving::any_input(roll, of.channels, {}))
      if (!s.promise && !s.last)
        subtask->receive(s.channel, saving::frame_of(s, of));
  }
  leat::result<void> load(std::string_view saved) {
    const auto loaded = subtask->load(saved);
    return loaded ? subtask->begin() : loaded;
  }
  std::string save() {
    const auto saved = subtask->save();
    fuzz::require(bool(saved), "it can be saved");
    return *saved;
  }
};

template <class V>
V take(std::string_view& from) {
  V value{};
  const std::size_t size = std::min(sizeof value, from.size());
  std::memcpy(&value, from.data(), size);
  from.remove_prefix(size);
  return value;
}

void change(std::string& bytes, std::string_view input) {
  for (int changes = 0; !input.empty() && changes < 4; ++changes) {
    const std::size_t at = take<std::uint16_t>(input) % bytes.size();
    bytes[at] = static_cast<char>(take<std::uint8_t>(input));
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of(data, size);
  dice roll(take<std::uint16_t>(input));
  const sample of = roll.coin() ? sample_of_source(roll) : saving::any_sample(roll);
  subject first(of);
  first.work(roll);
  std::string bytes = first.save();
  if (roll(0, 8) == 0)
    bytes = input;
  else
    change(bytes, input);

  subject second(of);
  if (!second.load(bytes))
    return 0;
  const std::string saved = second.save();
  subject third(of);
  fuzz::require(bool(third.load(saved)), "what was saved loads");
  fuzz::require(third.save() == saved, "and is the same");
  try { // what it then does may be wrong, and may end in a fault
    third.work(roll);
  } catch (const leat::failure&) {
  }
  return 0;
}
