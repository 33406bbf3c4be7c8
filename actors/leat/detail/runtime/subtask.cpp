#include <leat/detail/runtime/subtask.hpp>

#include <leat/detail/runtime/protocol_violation.hpp>
#include <leat/detail/stage/rejecting.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

// Where the end was promised, what counts is how far it had come before.
void note(const mark& m, subtask_metrics::promise& to) {
  if (m.progress == end_of_stamps)
    return;
  to.time.store(m.progress.time, std::memory_order_relaxed);
  to.idle.store(m.idle ? 1 : 0, std::memory_order_relaxed);
}

} // namespace

clock_time subtask_metrics::until(const stall& s, clock_time now) {
  const clock_time since = s.since.load(std::memory_order_relaxed);
  return s.total.load(std::memory_order_relaxed) +
         (since != 0 ? std::max<clock_time>(now - since, 0) : 0);
}

subtask::subtask(std::shared_ptr<stage> logic, settings with, subtask_host& by,
                 subtask_metrics& measured)
    : stage_(std::move(logic)), source_(dynamic_cast<source_stage*>(stage_.get())),
      settings_(std::move(with)), host_(by), metrics_(measured),
      inlet_(settings_.channels.size(), settings_.ordered, settings_.credit_limit),
      epoch_(settings_.services.after + 1) {
  const auto& ports = stage_->ports();
  for (std::size_t i = 0; i < ports.size(); ++i)
    ports[i]->connect(host_, i, settings_.ports[i], *settings_.services.time);
}

result<void> subtask::open() {
  settings_.services.counters = &metrics_.counters;
  settings_.services.latency = &metrics_.latency;
  settings_.services.wake_at = [this](clock_time when) { wake_by(when); };
  if (settings_.letters)
    settings_.letters->open(settings_.services);
  if (settings_.poison_after > 0) {
    auto watch = poison_watch::open(settings_.poison_file, settings_.poison_after);
    if (!watch)
      return watch.error();
    watch_ = std::move(*watch);
  }
  return stage_->open(settings_.services);
}

void subtask::receive(std::size_t channel, frame f) {
  inlet_.receive(channel, std::move(f));
  work();
}

void subtask::promised(std::size_t channel, const mark& m, std::uint64_t frames) {
  inlet_.promise(channel, m, frames);
  work();
}

port& subtask::port_at(std::size_t port, std::size_t lane) {
  const auto& ports = stage_->ports();
  if (port >= ports.size() || lane >= ports[port]->lanes())
    throw protocol_violation(fmt::format("there is no lane {} of port {}", lane, port));
  return *ports[port];
}

void subtask::granted(std::size_t port, std::size_t lane, const credit& returned) {
  if (!port_at(port, lane).grant(lane, returned))
    throw protocol_violation("more credit came back than was spent");
  work();
}

void subtask::cancelled(std::size_t port, std::size_t lane) {
  port_at(port, lane).cancel(lane);
  if (all_cancelled() && !input_cancelled_)
    cancel_inputs();
  work();
}

void subtask::again() {
  if (again_ == 0)
    host_.again(again_ = ++wakes_);
}

void subtask::wake_by(clock_time when) {
  if (!timers_.empty() && timers_.back().due <= when)
    return; // who is woken early asks again
  timers_.push_back({when, ++wakes_});
  host_.wake_at(when, wakes_);
}

void subtask::woken(std::uint64_t number) {
  if (number == again_)
    again_ = 0;
  else
    std::erase_if(timers_, [&](const timer& t) { return t.number == number; });
  pull_requested_ = false;
  if (!source_ && !finished_) {
    reached_.reset();
    stage_->wake();
  }
  work();
}

result<void> subtask::prepare(const command& c) {
  if (finished_)
    return {};
  auto effect = effect_of(c);
  if (!effect)
    return effect.error();
  commands_.push_back({c, std::move(*effect)});
  return {};
}

result<command_effect> subtask::effect_of(const command& c) {
  if (!source_ || c.verb != stop_verb)
    return stage_->prepare(c);
  if (!c.payload.empty())
    return user_error(fmt::format("unknown payload \"{}\" of command \"stop\"", c.payload),
                      "it has none");
  // With checkpoints what follows is for another attempt, so that nothing has to end.
  return command_effect(
      [this] { (settings_.services.checkpoints ? suspended_ : source_done_) = true; });
}

void subtask::withdraw() {
  if (!commands_.empty())
    commands_.pop_back();
}

void subtask::inject(std::shared_ptr<const barrier> at) {
  if (finished_)
    return host_.passed(*at);
  if (!source_)
    inlet_.expect_barrier(at->epoch);
  injected_.push_back(std::move(at));
  work();
}

void subtask::work() {
  if (finished_)
    return;
  if (stage_->blocked()) {
    reached_.reset();
    stage_->resume();
    end_watched();
  }
  if (source_)
    work_source();
  else
    work_inlet();
  if (!finished_ && stage_->blocked())
    before_stalling();
  publish();
}

void subtask::work_source() {
  advance_source(); // what was under way when it blocked has gone
  while (!injected_.empty() && !stage_->blocked())
    if (!pass(std::shared_ptr(injected_.front())))
      return;
  for (unsigned pulls = 0; pulls < pulls_in_turn && may_pull(); ++pulls)
    if (!pull())
      break;
  if (may_pull()) { // it is the others' turn
    pull_requested_ = true;
    again();
  }
  if ((source_done_ || input_cancelled_) && !stage_->blocked())
    finish();
}

bool subtask::may_pull() const {
  return !source_done_ && !suspended_ && !input_cancelled_ && !pull_requested_ &&
         !stage_->blocked() && injected_.empty();
}

// True if there may be more at once.
bool subtask::pull() {
  const pull_status answer = watching() ? pull_watched() : source_->pull();
  mark_due_ = true;
  advance_source();
  source_done_ = answer.is_done();
  pull_requested_ = answer.is_idle(); // it will be woken
  if (answer.is_idle() && answer.after() != std::chrono::nanoseconds::max())
    wake_by(settings_.services.time->now() + answer.after().count());
  return answer.is_more();
}

// While the stage is blocked, what the source's mark speaks of is still under way.
void subtask::advance_source() {
  if (!mark_due_ || stage_->blocked())
    return;
  mark_due_ = false;
  const mark reached = source_->reached();
  note(reached, metrics_.reached);
  stage_->advance(reached);
}

void subtask::work_inlet() {
  host_.look(inlet_);
  while (!stage_->blocked() && !finished_) {
    if (since_mark_ >= most_between_marks) {
      since_mark_ = 0;
      advance(inlet_.reached());
      continue;
    }
    if (const auto piece = inlet_.next()) {
      const std::size_t first = *piece->next;
      reached_.reset();
      if (input_cancelled_)
        *piece->next = piece->end;
      else if (watching())
        consume_watched(settings_.channels[piece->channel]->input, *piece->from, *piece->next);
      else
        stage_->consume(settings_.channels[piece->channel]->input, *piece->from, *piece->next,
                        piece->end);
      since_mark_ += *piece->next - first;
      return_credit();
      if (stage_->satisfied() && !input_cancelled_)
        cancel_inputs();
      continue;
    }
    return_credit();
    since_mark_ = 0;
    if (!stage_->blocked())
      advance(inlet_.reached());
    if (!barrier_or_end())
      return;
  }
}

// One record, and all that comes of it in this subtask.
void subtask::consume_watched(std::size_t input, frame& f, std::size_t& next) {
  const auto id = poison_watch::id_of(*f.records, next);
  if (is_poison(*f.records, next, id)) {
    stage_counters::add(metrics_.counters.records_in, 1);
    ++next;
    return;
  }
  watch_->begin(id);
  stage_->consume(input, f, next, next + 1);
  stage_->drain();
  end_watched();
}

pull_status subtask::pull_watched() {
  const pull_status answer = source_->pull(1);
  const rows& pulled = source_->gathered();
  const auto id = pulled.size() == 1
                      ? poison_watch::id_of(source_->last().split, source_->last().position)
                      : 0; // a reader may give several at a time
  if (is_poison(pulled, 0, id)) {
    source_->drop_gathered();
    return answer;
  }
  watch_->begin(id);
  stage_->drain();
  end_watched();
  return answer;
}

bool subtask::is_poison(const rows& from, std::size_t i, poison_watch::record_id id) {
  auto why = watch_->verdict(id);
  if (!why)
    return false;
  const stage_services& s = settings_.services;
  std::string place = source_ ? raw_place(source_->last()) : place_of(s, from, i, i);
  s.dead_letters->put({std::move(*why), s.stage, std::move(place),
                       from.type().text ? from.type().text(from.record(i)) : std::string{}});
  return true;
}

// While the stage is blocked, what came of the record is still under way in it.
void subtask::end_watched() {
  if (watching() && !stage_->blocked())
    watch_->end();
}

// What is outside cannot be mended by leaving out records.
void subtask::blame(const error& why) {
  if (watch_ && why.domain != error_domain::external)
    watch_->blame(why.what);
}

void subtask::advance(const mark& m) {
  if (m == reached_)
    return;
  reached_ = m;
  note(m, metrics_.reached);
  stage_->advance(m);
}

// True if there is more to do behind a barrier.
bool subtask::barrier_or_end() {
  if (const auto at = inlet_.aligned()) {
    return pass(at);
  }
  if (inlet_.ended())
    finish();
  return false;
}

// False if the stage is to be called again first.
bool subtask::pass(const std::shared_ptr<const barrier>& at) {
  if (!stage_->at_barrier(*at))
    return false;
  if (settings_.services.checkpoints)
    prepare_output();
  obey(*at);
  send_event(at, false);
  epoch_ = at->epoch + 1;
  if (!source_)
    inlet_.pass_barrier();
  while (!injected_.empty() && injected_.front()->epoch <= at->epoch)
    injected_.pop_front();
  host_.passed(*at);
  return true;
}

// The job injects a command when all whom it concerns are prepared, and in that order.
void subtask::obey(const barrier& at) {
  for (const command& c : at.commands)
    if (!commands_.empty() && commands_.front().what == c) {
      commands_.front().effect();
      commands_.pop_front();
    } else if (c.stage == settings_.services.stage) {
      throw protocol_violation(
          fmt::format("a barrier carries the command \"{}\", which was not prepared", c.verb));
    }
}

void subtask::finish() {
  if (!stage_->finish())
    return;
  prepare_output();
  if (auto* const letters = settings_.services.dead_letters)
    letters->flush();
  send_event(nullptr, true);
  finished_ = true;
  publish();
  metrics_.ended.store(1, std::memory_order_relaxed);
  end_turn(); // the last metrics go now
  awaits_commit_ = stage_->publishes_by_epoch() || settings_.services.checkpoints;
  if (awaits_commit_)
    host_.prepared();
  else
    host_.done();
  for (const auto& at : std::exchange(injected_, {})) // which will not come any more
    host_.passed(*at);
}

void subtask::prepare_output() {
  prepared_output o{epoch_, {}, {}, {}};
  if (stage_->publishes_by_epoch())
    o.committable = stage_->prepare_output(epoch_);
  if (settings_.letters) {
    o.letters = settings_.letters->prepare(epoch_);
    o.prefix = settings_.letters->prefix(epoch_);
  }
  if (!o.committable.empty() && stage_->restores_output())
    last_outputs_ = {o.committable};
  if (!o.committable.empty() || !o.letters.empty())
    outputs_.push_back(std::move(o));
}

// A sink may refuse records when it commits them: these letters have the names of that epoch, too.
void subtask::commit_output(const prepared_output& o) {
  if (settings_.letters && settings_.services.checkpoints)
    settings_.letters->begin_commit(o.prefix);
  if (!o.committable.empty())
    stage_->commit(o.committable);
  if (settings_.letters && settings_.services.checkpoints)
    settings_.letters->commit(o.letters);
}

void subtask::commit(epoch up_to, bool last) {
  if (finished_ ? !awaits_commit_ : up_to >= epoch_)
    throw protocol_violation("it is to commit what it has not prepared");
  if (watch_)
    watch_->off();
  for (; !outputs_.empty() && outputs_.front().of <= up_to; outputs_.pop_front())
    commit_output(outputs_.front());
  if (!last)
    return;
  finished_ = true;
  awaits_commit_ = false;
  host_.done();
}

void subtask::tell_end() {
  cancel_inputs();
  send_event(nullptr, true);
  host_.prepared();
}

void subtask::send_event(const std::shared_ptr<const barrier>& at, bool last) {
  for (port* p : stage_->ports())
    p->send_event(at, last);
}

void subtask::cancel_inputs() {
  input_cancelled_ = true;
  for (std::size_t i = 0; i < inlet_.channels(); ++i)
    host_.cancel(i);
}

bool subtask::all_cancelled() const {
  const auto& ports = stage_->ports();
  return !ports.empty() &&
         std::all_of(ports.begin(), ports.end(), [](const port* p) { return p->cancelled(); });
}

void subtask::return_credit() {
  if (!inlet_.credit_came_back())
    return;
  for (std::size_t i = 0; i < inlet_.channels(); ++i)
    if (const credit c = inlet_.take_credit(i); c != credit{})
      host_.grant(i, c);
}

void subtask::before_stalling() { stage_->stall(source_ ? stamp{} : inlet_.reached().progress); }

void subtask::begin_turn() {
  if (metrics_.busy.since.load(std::memory_order_relaxed) == 0)
    metrics_.busy.since.store(settings_.services.time->now(), std::memory_order_relaxed);
}

// A stage that is occupied stays busy until it has had a turn in which it is not.
void subtask::end_turn() {
  auto& [total, since] = metrics_.busy;
  const clock_time begin = since.load(std::memory_order_relaxed);
  if (begin == 0 || (stage_->occupied() && !finished_))
    return;
  const clock_time now = settings_.services.time->now();
  since.store(0, std::memory_order_relaxed);
  total.store(total.load(std::memory_order_relaxed) + now - begin, std::memory_order_relaxed);
}

void subtask::idle() {
  if (finished_)
    return;
  stage_->flush();
  if (stage_->blocked())
    before_stalling();
  publish();
}

void subtask::publish() {
  const auto& ports = stage_->ports();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    ports[i]->measure(metrics_.stalls[i].total, metrics_.stalls[i].since);
    note(ports[i]->told(), metrics_.promises[i]);
  }
  metrics_.counters.held.store(inlet_.held(), std::memory_order_relaxed);
}

} // namespace leat
