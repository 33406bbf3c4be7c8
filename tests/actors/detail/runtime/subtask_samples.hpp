// The stages whose subtasks are saved and loaded.
#pragma once

#include <leat/detail/stage/actor_stage.hpp>
#include <leat/detail/stage/batching_stage.hpp>
#include <leat/detail/stage/keyed_stage.hpp>
#include <leat/detail/stage/merge_stage.hpp>
#include <leat/detail/stage/scoring_stage.hpp>

#include "support/dice.hpp"
#include "support/hosted.hpp"

#include <fmt/format.h>

namespace saving {

using support::text_item;
using namespace std::chrono_literals;

struct sum_and_count {
  std::uint64_t sum = 0; // wraps around where bytes were changed
  std::uint32_t count = 0;
  static constexpr auto fields =
      leat::fields("sum_and_count", leat::field("sum", &sum_and_count::sum),
                   leat::field("count", &sum_and_count::count));
  void add(std::int64_t x) { sum += static_cast<std::uint64_t>(x), ++count; }
  std::uint64_t result() const { return sum * 3 + count; }
};

// Uses all kinds of state and timers, dead letters and a side output. All that it emits says what
// all states of the key are.
struct everything {
  using output_type = text_item;
  leat::value_state<std::string> last;
  leat::list_state<std::int64_t> recent;
  leat::map_state<std::int8_t, std::string> by_digit;
  leat::aggregating_state<sum_and_count> sum;
  leat::timer soon;
  leat::timer later;
  leat::processing_timer tick;
  leat::side_output<text_item> side;

  void open(leat::setup& setup) {
    last = setup.value<std::string>("last");
    recent = setup.list<std::int64_t>("recent");
    by_digit = setup.map<std::int8_t, std::string>("by digit");
    sum = setup.aggregating<sum_and_count>("sum");
    soon = setup.timer("soon");
    later = setup.timer("later");
    tick = setup.processing_timer("tick");
    side = setup.side<text_item>("side");
  }

  leat::result<void> process(const text_item& i, leat::emitter<text_item>& out,
                             leat::event_context& ctx) {
    if (i.number % 7 == 6)
      return leat::user_error("a six");
    const auto digit = static_cast<std::int8_t>(i.number % 5);
    ctx.edit(last) = i.text + std::to_string(i.number);
    ctx.append(recent, i.number);
    if (ctx.get(recent).size() > 3)
      ctx.erase(recent);
    ctx.edit(by_digit, digit) += 'x';
    if (digit == 4)
      ctx.erase(by_digit);
    ctx.add(sum, i.number);
    if (i.number % 3 == 0)
      ctx.set(soon, ctx.event_time() + std::chrono::microseconds(i.number % 4));
    if (i.number % 4 == 0)
      ctx.set(later, ctx.event_time() + 9us);
    if (i.number % 11 == 0)
      ctx.cancel(later, ctx.event_time() + 8us);
    if (i.number % 2 == 0)
      ctx.set(tick, ctx.now() + 50us * (i.number % 8));
    if (i.number % 9 == 1)
      ctx.cancel(tick, ctx.now() + 100us);
    for (std::int64_t n = i.number % 3; n >= 0; --n)
      out({i.number, states("record", ctx)});
    if (i.number % 2 == 0)
      side({i.number, i.text});
    return {};
  }

  void on_timer(const std::string& key, const leat::timer& which, leat::emitter<text_item>& out,
                leat::event_context& ctx) {
    out({-1, states(which == soon ? "soon " : "later ", ctx)});
    side({-2, key});
    ctx.append(recent, -1);
    if (which == later && ctx.get(sum) % 2 == 0)
      ctx.set(soon, ctx.event_time() + 5us);
    if (ctx.get(sum) % 5 == 0)
      forget(ctx);
  }

  void on_timer(const std::string& key, const leat::processing_timer&,
                leat::emitter<text_item>& out, leat::event_context& ctx) {
    out({-3, states("tick ", ctx)});
    side({-4, key});
    ctx.append(recent, -3);
    if (ctx.get(sum) % 3 == 0)
      ctx.set(tick, ctx.due() + 70us);
    if (ctx.get(sum) % 4 == 0)
      ctx.set(soon, ctx.watermark() + 1us * (ctx.get(sum) % 5));
  }

  void forget(leat::event_context& ctx) {
    ctx.erase(last), ctx.erase(recent), ctx.erase(by_digit), ctx.erase(sum);
  }

  std::string states(std::string text, const leat::event_context& ctx) const {
    text += fmt::format(" {} {} {};", ctx.get(last), ctx.get(sum),
                        ctx.watermark().time_since_epoch().count());
    for (const std::int64_t n : ctx.get(recent))
      text += fmt::format(" {}", n);
    for (const auto& [digit, xs] : ctx.get(by_digit))
      text += fmt::format(" {}:{}", digit, xs);
    return text;
  }
};

// Needs no stamps.
struct running_number {
  using output_type = text_item;
  leat::value_state<std::int64_t> count;
  void open(leat::setup& setup) { count = setup.value<std::int64_t>("count"); }
  leat::result<void> process(const text_item& i, leat::emitter<text_item>& out,
                             leat::context& ctx) {
    if (i.number % 5 == 4)
      return leat::user_error("a four");
    out({++ctx.edit(count), i.text});
    return {};
  }
};

struct by_number final : leat::model<text_item> {
  void predict(std::span<const text_item> rows, std::span<float> scores) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].number % 7 == 5)
        throw leat::failure(leat::user_error("a five"));
      scores[i] = static_cast<float>(rows[i].number);
    }
  }
};

struct echo final : leat::record_handler<text_item, text_item> {
  using stage = leat::actor_stage<text_item, text_item>;
  void process_stretch(stage& s, leat::frame& f, std::size_t& next, std::size_t end) override {
    s.each(f, next, end, [](const text_item& i, leat::emitter<text_item>& out) {
      for (std::int64_t n = i.number % 3; n > 0; --n)
        out(i);
    });
  }
  void end_of_input(leat::emitter<text_item>& out) override { out({-1, "end"}); }
};

struct texts {
  std::vector<text_item> operator()(const text_item& i) const {
    std::vector<text_item> all;
    for (std::int64_t n = 0; n < i.number % 4; ++n)
      all.push_back({n, i.text});
    return all;
  }
};

inline const auto by_text = [](const text_item& i) { return i.text; };

// Into three branches, of which one expands and is hashed over lanes, and one forks again.
inline leat::fanout into_branches() {
  using none = leat::pass<text_item>;
  using hashed = leat::hashed_end<decltype(by_text)>;
  const auto& type = leat::record_type_of<text_item>;
  leat::fanout to;
  using expand = leat::flat_map_step<none, texts>;
  to.add(std::make_unique<leat::chain_branch<expand, hashed>>(expand({}, texts{}),
                                                              hashed(type, by_text, 0)));
  const auto odd = [](const text_item& i) { return i.number % 2 != 0; };
  using filter = leat::filter_step<none, decltype(odd)>;
  auto again = support::into_port<text_item>();
  again.add(std::make_unique<leat::chain_branch<filter, hashed>>(filter{{}, odd},
                                                                 hashed(type, by_text, 0), 1));
  to.add(std::make_unique<leat::chain_branch<filter, leat::fork_end>>(
      filter{{}, odd}, leat::fork_end(type, std::move(again))));
  return to;
}

using render = std::string (*)(const leat::rows&, std::size_t);

template <class T>
std::string render_row(const leat::rows& rows, std::size_t i) {
  std::string text;
  std::array<leat::model_ref, 2> models;
  leat::write_row(text, rows.as<T>()[i], models.data());
  return text;
}

// What a test runs.
struct sample {
  std::string name;
  std::function<std::shared_ptr<leat::stage>()> make;
  std::vector<std::size_t> lanes = {1}; // of each port
  std::size_t channels = 1;
  bool ordered = true;
  bool stamped = true;
  bool takes_scores = false;
  render text = render_row<text_item>;
};

inline std::shared_ptr<leat::stage> make_everything() {
  leat::side_ports sides;
  sides.emplace("side",
                std::make_unique<leat::side_port_of<text_item>>(support::into_port<text_item>()));
  using stage = leat::keyed_stage<text_item, decltype(by_text), everything>;
  return std::make_shared<stage>(by_text, everything{}, into_branches(), std::move(sides));
}

inline std::shared_ptr<leat::stage> make_running_number() {
  using stage = leat::keyed_stage<text_item, decltype(by_text), running_number>;
  return std::make_shared<stage>(by_text, running_number{}, support::into_port<text_item>(),
                                 leat::side_ports{});
}

inline std::shared_ptr<leat::stage> make_scoring() {
  auto model = std::make_shared<by_number>();
  model->identity = leat::model_ref::intern({"model", "sha"});
  return std::make_shared<leat::scoring_stage<text_item, float>>(
      model, support::into_port<leat::scored<text_item>>());
}

inline std::shared_ptr<leat::stage> make_echo() {
  struct both {
    echo handler;
    echo::stage stage{support::into_port<text_item>()};
  };
  auto made = std::make_shared<both>();
  made->stage.bind(made->handler);
  return {made, &made->stage};
}

inline std::shared_ptr<leat::stage> make_merge() {
  return std::make_shared<leat::merge_stage>(leat::record_type_of<text_item>,
                                             support::into_port<text_item>());
}

inline sample sample_of_everything(std::size_t channels) {
  return {
      .name = "everything", .make = make_everything, .lanes = {3, 1, 2, 1}, .channels = channels};
}

inline sample any_sample(support::dice& roll) {
  using scored = leat::scored<text_item>;
  const std::size_t several = roll.size(1, 5);
  const auto batching = roll.one_of<leat::any_batching>(
      {leat::batch{}, leat::record_at_a_time{}, leat::micro_batch{3, 1h}});
  switch (roll(0, 7)) {
  case 0:
    return {.name = "states", .make = make_running_number, .ordered = false, .stamped = false};
  case 1:
    return {.name = "merge",
            .make =
                [] {
                  return std::make_shared<leat::merge_stage>(leat::record_type_of<text_item>,
                                                             into_branches());
                },
            .lanes = {3, 1, 2},
            .channels = several};
  case 2:
    return {.name = "scores",
            .make =
                [] {
                  return std::make_shared<leat::merge_stage>(leat::record_type_of<scored>,
                                                             support::into_port<scored>());
                },
            .channels = several,
            .takes_scores = true,
            .text = render_row<scored>};
  case 3:
    return {.name = "batching",
            .make =
                [batching] {
                  return std::make_shared<leat::batching_stage>(
                      leat::record_type_of<text_item>, batching, support::into_port<text_item>());
                },
            .channels = several};
  case 4:
    return {
        .name = "scoring", .make = make_scoring, .channels = several, .text = render_row<scored>};
  case 5:
    return {.name = "actor", .make = make_echo, .channels = several};
  default:
    return sample_of_everything(several);
  }
}

} // namespace saving
