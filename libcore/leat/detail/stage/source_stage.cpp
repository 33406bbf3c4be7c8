#include <leat/detail/stage/source_stage.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

namespace leat {

any_source::~any_source() = default;

split_watermarks::~split_watermarks() = default;

record_times::~record_times() = default;

namespace {

event_time later(event_time t, std::chrono::microseconds by) {
  return t > end_of_time - by ? end_of_time : t + by;
}

} // namespace

source_stage::source_stage(std::unique_ptr<any_source> source,
                           std::unique_ptr<const record_times> times)
    : emitting_stage(source->output()), source_(std::move(source)), times_(std::move(times)),
      out_(source_->output()) {
  out_.list_ports(ports_);
}

source_stage::~source_stage() = default;

result<void> source_stage::open(const stage_services& services) {
  if (auto opened = emitting_stage::open(services); !opened)
    return opened;
  if (services_.rate == 0)
    services_.rate = source_->rate();
  out_.open_for_reader(services_.limits, services_.stage, services_.dead_letters);
  out_.tell_waiting(services_.counters->waiting);
  if (services_.alignment)
    services_.alignment->attach(services_.wake_soon);
  return add_splits();
}

result<void> source_stage::add_splits() {
  std::set<std::string_view> names;
  for (auto& reader : source_->readers()) {
    const auto number = static_cast<std::uint32_t>(splits_.size());
    std::string name = reader->name();
    if (name.empty())
      name = std::to_string(number);
    splits_.push_back(std::make_unique<split>(number, std::move(name), std::move(reader)));
    if (const std::string& added = splits_.back()->name; !names.insert(added).second)
      return user_error("two splits of source \"" + services_.stage + "\" are called \"" + added +
                            '"',
                        "a split's name is its identity across runs: make it unique");
  }
  return {};
}

result<void> source_stage::begin() {
  begun_ = true;
  if (auto restored = restore(); !restored)
    return restored;
  std::erase_if(splits_, [&](const auto& s) { return !is_own(*s); });
  for (const auto& s : splits_)
    if (auto taken = take_on(*s); !taken) {
      error e = taken.error();
      e.what = "split \"" + s->name + "\" of source \"" + services_.stage + "\": " + e.what;
      return e;
    }
  join_saved();
  for (const auto& s : splits_)
    s->saved = nullptr;
  saved_.clear();
  saved_watermarks_.clear();
  if (times_)
    for (; unopened_ < splits_.size(); ++unopened_)
      silent_.push_back(splits_[unopened_].get());
  start_ = now_ = services_.time->now();
  for (const auto& s : splits_)
    if (times_) {
      s->shown = &services_.counters->splits.add(s->name, start_);
      show(*s);
    }
  tell_slowest();
  return {};
}

result<void> source_stage::take_on(split& s) {
  if (times_)
    s.watermarks = times_->watermarks();
  if (s.saved && s.saved->done)
    s.reader = ended_split(out_.gathered().type());
  if (services_.read_apart && s.reader->may_block())
    s.reader = read_on_thread(std::move(s.reader), services_);
  const bool read_ahead = s.saved && !s.saved->ahead.empty();
  if (splits_.size() > 1 || read_ahead) {
    stage_output& ahead = s.reader->output();
    ahead.open_for_reader(services_.limits, services_.stage, services_.dead_letters);
    ahead.tell_waiting(services_.counters->waiting);
  }
  if (!s.saved)
    return s.reader->open(services_.wake_soon, {});
  return take_on_saved(s);
}

bool source_stage::finish() {
  services_.counters->waiting->clear();
  if (services_.alignment && told_ != end_mark)
    services_.alignment->tell(*(told_ = end_mark));
  return emitting_stage::finish();
}

pull_status source_stage::pull(std::size_t most) {
  if (!begun_)
    if (auto begun = begin(); !begun)
      throw failure(begun.error());
  const std::size_t before = out_.gathered().size();
  std::size_t room = std::min(out_.room(), most);
  if (services_.rate > 0)
    room = std::min(room, due());
  if (room == 0 && !out_.full())
    return pull_status::idle(next_due());
  if (services_.alignment)
    slowest_ = services_.alignment->slowest();
  const pull_status answer = splits_.size() == 1 ? pull_only(room) : pull_merged(room);
  pass();
  tell_slowest();
  stage_counters::add(services_.counters->records_in, out_.gathered().size() - before);
  if (out_.full())
    out_.hand_on();
  if (services_.rate > 0 && answer.is_more() && due() == 0)
    return pull_status::idle(next_due());
  return answer;
}

mark source_stage::reached() const {
  const auto is_silent = [](const auto& s) { // nothing read ahead, nothing to be expected
    return s->at_end() && (s->done || s->timed_out);
  };
  const bool stuck = ready_.empty() || awaited_ < ready_.front().at;
  return {std::max(with_descendants(last_), passed_), std::ranges::all_of(splits_, is_silent),
          stuck && std::ranges::any_of(splits_, [](const auto& s) { return s->held; })};
}

// A split's watermark may run ahead of its records. What all active splits have promised is
// promised, though the next record may be long in coming.
void source_stage::pass() {
  if (splits_.empty() || !splits_.front()->watermarks || !services_.keep_order)
    return;
  stamp least = end_of_stamps;
  for (const auto& s : splits_)
    if (!s->timed_out && !(s->done && s->at_end()))
      least = std::min(least, next_stamp(*s, s->highest));
  if (least < end_of_stamps)
    passed_ = std::max(passed_, all_before(least));
}

pull_status source_stage::pull_only(std::size_t room) {
  split& s = *splits_.front();
  if (!s.at_end())
    return pull_kept(s, room);
  if (is_held(s)) {
    show(s);
    return pull_status::idle();
  }
  const rows& gathered = out_.gathered();
  const std::size_t first = gathered.size();
  const pull_status answer = s.reader->pull(room, out_);
  s.done = answer.is_done();
  s.silent = gathered.size() == first;
  if (!s.silent)
    s.idle_since.reset(), s.timed_out = false;
  if (times_ || out_.carried().stamps) {
    now_ = services_.time->now();
    read_times(s, gathered, first);
    complete(s, first);
  } else {
    s.position += gathered.size() - first;
    last_.position = s.position;
    note_ingest(first);
  }
  std::chrono::nanoseconds wait = std::chrono::nanoseconds::max();
  if (answer.is_idle())
    wait_for(s, answer.after(), wait);
  show(s);
  return answer.is_idle() ? pull_status::idle(wait) : answer;
}

// Emits what the split had read ahead when it was saved.
pull_status source_stage::pull_kept(split& s, std::size_t room) {
  now_ = services_.time->now();
  const std::size_t row = out_.gathered().size();
  std::size_t next = s.next;
  out_.take_over(s.reader->output().gathered(), next, std::min(next + room, s.times.size()));
  complete(s, row);
  show(s);
  return s.at_end() && s.done ? pull_status::done() : pull_status::more();
}

// Emits what has the smallest stamps of all splits again and again. A silent split that could still
// bring a smaller one is waited for until it counts as idle; without an order to keep, nobody is
// waited for. Each silent split is asked once a pull.
pull_status source_stage::pull_merged(std::size_t room) {
  std::chrono::nanoseconds wait = std::chrono::nanoseconds::max();
  awaited_ = end_of_stamps;
  now_ = services_.time->now();
  for (std::size_t left = silent_.size(); left > 0; --left) {
    split& s = *silent_.front();
    silent_.pop_front();
    read_ahead(s, wait);
  }
  while (room > 0 && !out_.full()) {
    while (ready_.empty() && unopened_ < splits_.size() && awaited_ == end_of_stamps)
      read_ahead(*splits_[unopened_++], wait);
    if (ready_.empty() && silent_.empty() && unopened_ == splits_.size())
      return pull_status::done();
    if (ready_.empty() || awaited_ < ready_.front().at)
      return pull_status::idle(wait);
    room -= emit_first(room, wait);
  }
  return pull_status::more();
}

// Emits the records that the first split has before all others bring one, and returns how many.
std::size_t source_stage::emit_first(std::size_t room, std::chrono::nanoseconds& wait) {
  split& s = *ready_.front().of;
  std::ranges::pop_heap(ready_, std::greater{}, &ready_split::at);
  ready_.pop_back();
  const stamp bound = ready_.empty() ? awaited_ : std::min(awaited_, ready_.front().at);
  const std::size_t row = out_.gathered().size();
  std::size_t next = s.next;
  out_.take_over(s.reader->output().gathered(), next, end_before(bound, s, room));
  complete(s, row);
  if (s.at_end()) {
    read_ahead(s, wait);
  } else {
    make_ready(s);
    show(s);
  }
  return out_.gathered().size() - row;
}

// The end of the records from the split's next one on whose stamps are below `bound`, at most so
// many. That of the next one is.
std::size_t source_stage::end_before(const stamp& bound, const split& s, std::size_t most) const {
  const std::size_t end = std::min(s.times.size(), s.next + most);
  stamp at = next_stamp(s, s.highest);
  event_time highest = std::max(s.highest, s.followed_by(s.next));
  std::size_t i = s.next + 1;
  for (; i < end; ++i) {
    at.time = std::max(highest, place(s, i));
    highest = std::max(highest, s.followed_by(i));
    ++at.position;
    if (bound < at)
      break;
  }
  return i;
}

// The time by which a record is ordered. Its own watermark counts from the next one on, so that it
// is not late by itself.
event_time source_stage::place(const split& s, std::size_t i) const {
  if (s.followed.empty())
    return s.times[i];
  return std::min(s.followed[i], later(s.times[i], times_->out_of_order));
}

void source_stage::make_ready(split& s) {
  ready_.push_back({next_stamp(s, next_time(s)), &s});
  std::ranges::push_heap(ready_, std::greater{}, &ready_split::at);
}

// Asks the reader of a split with nothing left, and files it as ready or silent, or not at all if
// it is done.
void source_stage::read_ahead(split& s, std::chrono::nanoseconds& wait) {
  if (!s.done && s.at_end() && !is_held(s))
    refill(s, wait);
  show(s);
  if (!s.at_end())
    return make_ready(s);
  if (s.done)
    return;
  silent_.push_back(&s);
  if (services_.keep_order && !s.timed_out)
    awaited_ = std::min(awaited_, next_stamp(s, s.highest));
}

void source_stage::refill(split& s, std::chrono::nanoseconds& wait) {
  stage_output& ahead = s.reader->output();
  ahead.clear();
  const pull_status answer = s.reader->pull(ahead.room(), ahead);
  (void)ahead.full(); // counts what the records hold while they are here
  s.done = answer.is_done();
  read_times(s, ahead.gathered(), 0);
  s.silent = s.at_end();
  if (!s.silent) {
    if (s.timed_out) // others went on without it: it joins behind what they have emitted
      raise(s, rejoins_at(s));
    s.timed_out = false;
    s.idle_since.reset();
  } else if (answer.is_idle()) {
    wait_for(s, answer.after(), wait);
  } else if (answer.is_more()) {
    wait = std::chrono::nanoseconds{0};
  }
}

void source_stage::read_times(split& s, const rows& records, std::size_t first) {
  s.times.assign(records.size() - first, begin_of_time);
  s.next = 0;
  if (times_)
    times_->read(records, first, s.times);
  if (s.watermarks)
    follow(s, records, first, 0);
}

// `known`: so many of the first are there, and their records were shown before.
void source_stage::follow(split& s, const rows& records, std::size_t first, std::size_t known) {
  constexpr std::chrono::microseconds moment{1};
  s.followed.resize(s.times.size());
  const auto fresh = std::span(s.followed).subspan(known);
  s.watermarks->read(records, first + known, fresh);
  for (event_time& t : fresh) // something may be ordered after all of them
    t = std::min(later(t, times_->out_of_order), end_of_time - moment);
}

// Whether it is too far ahead of the slowest active split.
bool source_stage::drifts(const split& s) const {
  return s.highest > later(slowest_, times_->max_drift);
}

bool source_stage::is_held(split& s) {
  s.held = services_.alignment && !s.done && drifts(s);
  if (s.held) { // with what it knows; it will be woken when that changes
    slowest_ = services_.alignment->await();
    s.held = drifts(s);
  }
  return s.held;
}

mark source_stage::slowest() const {
  joint_mark all;
  if (!ready_.empty())
    all += joint_mark(mark{{ready_.front().at.time}});
  for (const split* s : silent_)
    if (!s->done || !s->at_end())
      all += joint_mark(mark{{next_time(*s)}, s->timed_out});
  return all.together();
}

// Whatever it does next, it may have to wait for those that wait for this.
void source_stage::tell_slowest() {
  if (!services_.alignment)
    return;
  const mark now = slowest();
  if (now == told_)
    return;
  told_ = now;
  services_.alignment->tell(now);
}

// For whoever watches the job: how far it has come, and what it is at.
void source_stage::show(const split& s) {
  if (!s.shown)
    return;
  const split_state state = s.done && s.at_end() ? split_state::finished
                            : s.timed_out        ? split_state::idle
                            : s.held             ? split_state::held
                            : s.silent           ? split_state::silent
                                                 : split_state::reading;
  s.shown->set(next_time(s), state, now_);
}

void source_stage::wait_for(split& s, std::chrono::nanoseconds after,
                            std::chrono::nanoseconds& wait) {
  const clock_time now = services_.time->now();
  if (!s.idle_since)
    s.idle_since = now;
  const auto silent = std::chrono::nanoseconds{now - *s.idle_since};
  s.timed_out = s.timed_out || silent >= idle_after();
  wait = std::min(wait, after);
  if (!s.timed_out)
    wait = std::min(wait, idle_after() - silent);
}

std::chrono::nanoseconds source_stage::idle_after() const {
  return times_ ? times_->idle_after : std::chrono::seconds{1};
}

stamp source_stage::next_stamp(const split& s, event_time t) const {
  return {t, first_source + services_.stage_number, s.number, s.position + 1, {}};
}

// Adds the envelopes of the split's next records, which are those from this row on of what is
// gathered.
void source_stage::complete(split& s, std::size_t row) {
  rows& gathered = out_.gathered();
  const carried_columns carried = out_.carried();
  stamp at = next_stamp(s, s.highest);
  for (; row < gathered.size(); ++row, ++at.position) {
    const std::size_t i = s.next++;
    const event_time time = s.times[i];
    const bool late = time < s.watermark;
    if (late)
      stage_counters::add(services_.counters->late, 1);
    at.time = std::max(s.highest, place(s, i));
    if (const event_time followed = s.followed_by(i); followed > s.highest)
      raise(s, followed);
    const clock_time ingested = services_.rate > 0 ? due_time(pulled_) : now_;
    ++pulled_;
    gathered.envelopes.add(row, {at, time, late, ingested}, carried);
  }
  if (at.position > s.position + 1) {
    --at.position;
    s.position = at.position;
    last_ = at;
  }
}

// Of records whose envelopes have nothing but this.
void source_stage::note_ingest(std::size_t row) {
  rows& gathered = out_.gathered();
  const std::size_t count = gathered.size() - row;
  if (services_.rate > 0)
    for (std::size_t i = 0; i < count; ++i)
      gathered.envelopes.note_ingest(row + i, due_time(pulled_ + i));
  else if (count > 0)
    gathered.envelopes.note_ingest(row, services_.time->now());
  pulled_ += count;
}

// Where a split goes on that others did not wait for.
event_time source_stage::rejoins_at(const split& s) const {
  constexpr std::chrono::microseconds moment{1};
  const event_time emitted = std::max(last_.time, passed_.time);
  return std::max(s.highest, std::min(emitted, end_of_time - moment) + moment);
}

void source_stage::raise(split& s, event_time to) {
  s.highest = to;
  if (times_) // not before the begin of time, whatever is allowed
    s.watermark = std::max(to, begin_of_time + times_->out_of_order) - times_->out_of_order;
}

namespace {

// Any rate is allowed, and no number may exceed its type.
constexpr double most_due = 1e9;
constexpr double latest_due = 4e18; // some 126 years

} // namespace

// Open loop: record k is due k/rate after the start, whether or not anybody was ready for it.
std::size_t source_stage::due() const {
  const double seconds = static_cast<double>(services_.time->now() - start_) * 1e-9;
  const double left = std::floor(seconds * services_.rate) + 1 - static_cast<double>(pulled_);
  return left > 0 ? static_cast<std::size_t>(std::min(left, most_due)) : 0;
}

clock_time source_stage::due_time(std::size_t k) const {
  const double after = static_cast<double>(k) / services_.rate * 1e9;
  return start_ + static_cast<clock_time>(std::min(after, latest_due));
}

std::chrono::nanoseconds source_stage::next_due() const {
  return std::chrono::nanoseconds{
      std::max<clock_time>(1, due_time(pulled_) - services_.time->now())};
}

} // namespace leat
