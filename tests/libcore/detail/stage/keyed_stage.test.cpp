// A keyed stage takes whole frames in pieces. What it puts out is what a fold of one record after
// the other says, whatever the frames, pieces, credit, marks and saves.
#include <leat/detail/stage/keyed_stage.hpp>
#include <leat/detail/transport/chain_branch.hpp>

#include "keyed_stage_fold.hpp"
#include "support/catch.hpp"
#include "support/hosted.hpp"

using namespace keyed;

namespace {

// What the operator has seen of a stage that it is in.
struct watched {
  const leat::stage* stage = nullptr;
  std::int64_t seen = 0;
  bool called_while_blocked = false;
};

struct without_timers {
  using output_type = item;
  watched* watch;
  leat::value_state<std::int64_t> count = {};
  leat::side_output<item> a = {}, b = {};

  void open(leat::setup& setup) {
    count = setup.value<std::int64_t>("count");
    a = setup.side<item>("a");
    b = setup.side<item>("b");
  }
  leat::result<void> process(const deed& d, leat::emitter<item>& out, leat::context& ctx) {
    if (watch->stage->blocked())
      watch->called_while_blocked = true;
    ++watch->seen;
    const item i{d.key, d.number, ++ctx.edit(count)};
    for (int n = 0; n < *std::max_element(d.emits.begin(), d.emits.end()); ++n) {
      if (n < d.emits[2])
        b(i);
      if (n < d.emits[0])
        out(i);
      if (n < d.emits[1])
        a(i);
    }
    if (d.how == ending::by_exception)
      throw std::runtime_error("no memory");
    if (d.how == ending::by_external_error)
      return leat::external_error("no network");
    if (d.how == ending::refused)
      return leat::user_error("refused");
    return {};
  }
};

struct with_timers : without_timers {
  leat::timer timer = {};

  void open(leat::setup& setup) {
    without_timers::open(setup);
    timer = setup.timer("t");
  }
  leat::result<void> process(const deed& d, leat::emitter<item>& out, leat::event_context& ctx) {
    auto done = without_timers::process(d, out, ctx);
    if (d.delay > 0)
      ctx.set(timer, ctx.event_time() + d.delay * 1us);
    return done;
  }
  leat::result<void> on_timer(std::int64_t key, const leat::timer&, leat::emitter<item>& out,
                              leat::event_context& ctx) {
    const std::int64_t n = ++ctx.edit(count);
    b({key, -1, n});
    out({key, -1, n});
    if (n % 2 == 0)
      ctx.set(timer, ctx.event_time() + 4us);
    if (n % 5 == 0)
      return leat::user_error("a fifth");
    return {};
  }
};

// Frames of several channels, and where each record lies.
struct framed {
  std::deque<leat::frame> frames;
  std::vector<std::pair<leat::frame*, std::size_t>> place;

  framed(const std::vector<arrival>& all, const leat::carried_columns& carried,
         support::dice& roll) {
    std::map<std::uint32_t, leat::frame*> open;
    const int usual = roll.one_of({1, 10, 400});
    for (const auto& [what, e] : all) {
      leat::frame*& f = open[e.at.split];
      if (!f || roll(0, usual) == 0) {
        f = &frames.emplace_back();
        f->records = leat::make_rows(leat::record_type_of<deed>);
      }
      place.emplace_back(f, f->size());
      f->records->add<deed>(what, e, carried);
    }
  }
};

// Pushes record by record, where another hands on whole frames. So credit may end within a frame.
leat::fanout into_port_by_step() {
  const auto all = [](const item&) { return true; };
  using chain = leat::filter_step<leat::pass<item>, decltype(all)>;
  leat::fanout to;
  to.add(std::make_unique<leat::chain_branch<chain, leat::edge_end>>(
      chain{{}, all}, leat::edge_end(leat::record_type_of<item>, leat::routing::forward, 0)));
  return to;
}

// A stage that is given pieces of frames. What the dice choose may not be seen in what comes out.
template <class Op>
class test_run {
public:
  test_run(const std::vector<arrival>& all, const columns_of_ports& carried, support::dice roll)
      : all_(all), carried_(carried), roll_(roll) {
    edge_.limits.records = roll_.size(1, 9);
    edge_.credit_limit = {roll_(1, 4), roll_(1, 30), 1'000'000};
    open();
  }

  // Ends where the operator fails.
  outcome run(const framed& in) {
    while (taken_ < all_.size()) {
      if (!consume(in)) {
        send_all();
        return got_;
      }
      disturb();
    }
    advance(leat::end_of(all_.empty() ? leat::begin_of_time : all_.back().e.at.time));
    host_->finish();
    collect();
    got_.dropped = host_->counters.timers_dropped;
    return got_;
  }

private:
  void open() {
    host_ = std::make_unique<support::hosted>();
    leat::side_ports sides;
    sides.emplace("a", std::make_unique<leat::side_port_of<item>>(support::into_port<item>()));
    sides.emplace("b", std::make_unique<leat::side_port_of<item>>(into_port_by_step()));
    const auto key_of = [](const deed& d) { return d.key; };
    host_->stage = std::make_unique<leat::keyed_stage<deed, decltype(key_of), Op>>(
        key_of, Op{{&watch_}}, support::into_port<item>(), std::move(sides));
    watch_.stage = host_->stage.get();
    for (std::size_t port = 0; port < ports; ++port) {
      edge_.carried = carried_[port];
      watch_.stage->ports()[port]->connect(host_->wire, port, edge_, host_->clock);
    }
    host_->services.limits = edge_.limits;
    host_->services.stage_number = stage_number;
    host_->services.out_of_order = disorder;
    host_->counters.records_in = taken_;
    collected_ = 0;
    RC_ASSERT(static_cast<bool>(host_->stage->open(host_->services)));
  }

  // Gives it records of one frame that come one after the other, or some of them. False if the
  // operator failed: then `next` is one past that record.
  bool consume(const framed& in) {
    auto [f, next] = in.place[taken_];
    std::size_t length = 1;
    while (taken_ + length < all_.size() && in.place[taken_ + length].first == f)
      ++length;
    const std::size_t end = next + (roll_.coin() ? length : roll_.size(1, length + 1));
    while (next < end) {
      const std::size_t first = next;
      bool failed = false;
      try {
        host_->stage->consume(0, *f, next, end);
      } catch (const std::exception&) {
        failed = true;
      }
      RC_ASSERT(!watch_.called_while_blocked);
      RC_ASSERT(watch_.seen == static_cast<std::int64_t>(taken_ + next - first));
      RC_ASSERT(failed == (next > first && f->as<deed>()[next - 1].how > ending::refused));
      if (!failed)
        taken_ += next - first;
      RC_ASSERT(host_->counters.records_in == taken_);
      if (failed)
        return false;
      RC_ASSERT(next == end || host_->stage->blocked());
      go_on();
    }
    return true;
  }

  void go_on() {
    if (host_->stage->blocked() && roll_.coin())
      host_->stage->stall(any_progress());
    if (host_->stage->blocked() && roll_.coin())
      host_->stage->resume(); // although there is no credit
    host_->unblock();
  }

  void disturb() {
    for (int n = roll_(0, 5); n > 0; --n)
      if (const int what = roll_(0, 16); what == 0)
        pass_barrier();
      else if (what < 4)
        advance(any_progress());
      else if (what < 8)
        host_->flush();
  }

  // Up to the last record, or to the next.
  leat::stamp any_progress() {
    if (taken_ < all_.size() && roll_.coin())
      return leat::all_before(all_[taken_].e.at);
    return taken_ > 0 ? leat::with_descendants(all_[taken_ - 1].e.at) : leat::stamp{};
  }
  void advance(const leat::stamp& progress) {
    host_->stage->advance(support::mark_at(progress));
    advanced_ = std::max(advanced_, progress);
    go_on();
  }

  // The stage goes on after it, or another that is loaded with what was saved.
  void pass_barrier() {
    send_all();
    for (std::size_t port = 0; port < ports; ++port)
      RC_ASSERT(!carried_[port].stamps || promised_[port] >= advanced_);
    if (roll_.coin())
      return;
    std::string saved, again;
    RC_ASSERT(static_cast<bool>(host_->stage->save(saved)));
    open();
    leat::byte_cursor from(saved);
    RC_ASSERT(static_cast<bool>(host_->stage->load(from)));
    RC_ASSERT(static_cast<bool>(host_->stage->begin()));
    RC_ASSERT(static_cast<bool>(host_->stage->save(again)));
    RC_ASSERT(again == saved);
  }

  void send_all() {
    while (!host_->stage->at_barrier({}))
      host_->unblock();
    host_->stage->flush();
    for (leat::port* p : host_->stage->ports())
      p->send_event(std::make_shared<const leat::barrier>(), false);
    collect();
  }

  // Adds what was sent since.
  void collect() {
    for (const auto& all = host_->wire.all; collected_ < all.size(); ++collected_) {
      const auto& [port, lane, content, marked] = all[collected_];
      if (marked)
        promised_[port] = marked->progress;
      if (content.size() == 0)
        continue;
      RC_ASSERT(content.records->envelopes.carried() == carried_[port]);
      leat::envelope_cursor envelopes(content.records->envelopes, leat::all_columns);
      for (std::size_t i = 0; i < content.size(); ++i) {
        got_.sent[port].push_back({content.as<item>()[i], envelopes.at(i)});
        RC_ASSERT(!carried_[port].stamps || got_.sent[port].back().e.at > promised_[port]);
      }
    }
    for (const auto& l : std::exchange(host_->letters.letters, {}))
      got_.letters.push_back(l.reason + ", " + l.place + ", " + l.raw);
  }

  const std::vector<arrival>& all_;
  const columns_of_ports carried_;
  support::dice roll_;
  watched watch_;
  leat::edge_settings edge_;
  std::unique_ptr<support::hosted> host_;
  std::size_t taken_ = 0;
  std::size_t collected_ = 0; // of what this host has sent
  leat::stamp advanced_;
  std::array<leat::stamp, ports> promised_;
  outcome got_;
};

rc::Gen<leat::carried_columns> any_columns() {
  return rc::gen::element(leat::carried_columns{}, leat::carried_columns{true, false},
                          leat::all_columns);
}

// `last`: the operator fails so at some record, or does not.
template <class Op>
void check(ending last) {
  constexpr bool timed = std::is_same_v<Op, with_timers>;
  auto deeds = any_deeds();
  support::dice roll(*rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>()));
  const bool bare = roll.coin(); // nobody needs stamps
  const auto carried =
      bare ? columns_of_ports{} : *rc::gen::container<columns_of_ports>(any_columns());
  leat::carried_columns input = timed ? leat::all_columns : *any_columns();
  for (const leat::carried_columns& c : carried)
    input |= c;
  const bool fails = last > ending::refused && !deeds.empty();
  const std::size_t processed = fails ? roll.size(0, deeds.size()) + 1 : deeds.size();
  if (fails)
    deeds[processed - 1].how = last, deeds[processed - 1].delay = 0; // or a timer were left

  const auto all = any_arrivals(deeds, roll);
  fold wanted(input, carried);
  for (std::size_t i = 0; i < processed; ++i)
    wanted.take(all[i], timed);
  if (!fails)
    wanted.end();
  const outcome got = test_run<Op>(all, carried, roll).run(framed(all, input, roll));
  for (std::size_t port = 0; port < ports; ++port)
    RC_ASSERT(got.sent[port] == wanted.all.sent[port]);
  RC_ASSERT(got.letters == wanted.all.letters);
  RC_ASSERT(got.dropped == wanted.all.dropped);
}

} // namespace

TEST_CASE("a keyed stage does with pieces of frames what a fold does with one record at a time") {
  CHECK(rc::check("without timers", [] { check<without_timers>(ending::well); }));
  CHECK(rc::check("with timers", [] { check<with_timers>(ending::well); }));
}

TEST_CASE("an operator that fails within a frame has processed and emitted all up to there") {
  for (const ending last : {ending::by_exception, ending::by_external_error}) {
    CHECK(rc::check("without timers", [&] { check<without_timers>(last); }));
    CHECK(rc::check("with timers", [&] { check<with_timers>(last); }));
  }
}
