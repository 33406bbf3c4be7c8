// The windowing stage for batchings: gathers records into panes. It holds records only as long as
// its batching says, and lets marks pass when the records before them have passed. Where somebody
// behind it merges, a pane does not outlast a stall before it: what stalls may wait for that merge,
// and the merge for the pane.
#pragma once

#include <leat/batching.hpp>
#include <leat/detail/stage/stage.hpp>

#include <deque>

namespace leat {

/// Swaps the batching; the payload is what any_batching::parse reads.
inline constexpr const char* batching_verb = "batching";

template <class T>
class batching_stage final : public producing_stage<T> {
  using base = producing_stage<T>;
  using base::out_, base::services_, base::ports_;

public:
  batching_stage(any_batching batching, fanout<T> to) : base(std::move(to)), batching_(batching) {}

  result<void> open(const stage_services& services) override {
    const frame_limits larger{std::max(services.limits.records, least_fragment.records),
                              std::max(services.limits.bytes, least_fragment.bytes)};
    fragment_ = larger.capacity<T>();
    gauge_ = frame_gauge<T>(larger);
    return base::open(services);
  }

  void consume(std::size_t, frame& f, std::size_t& next, std::size_t end) override {
    const std::size_t first = next;
    while (next < end && !blocked()) {
      const std::size_t room = batching_.count() - held();
      if (held() > 0)
        fill(f, next, next + std::min(end - next, room));
      else
        take(f, next, batching_.count() > fragment_ ? next + std::min(end - next, room) : end);
      if (held() == batching_.count())
        close();
    }
    stage_counters::add(services_.counters->records_in, next - first);
  }

  void advance(const mark& m) override {
    position_ = std::max(position_, with_descendants(m.progress));
    if (m.stalled && held() > 0 && out_.carried().stamps)
      close();
    if (held() == 0 && ready_.empty())
      return this->promise(m);
    if (!marks_.empty() && marks_.back().after == taken_)
      marks_.back().at.raise(m);
    else
      marks_.push_back({taken_, m});
  }

  void wake() override {
    armed_for_ = never;
    if (held() == 0 || batching_.delay().count() == 0)
      return;
    if (services_.time->now() >= deadline_)
      close();
    else
      arm();
  }

  result<command_effect> prepare(const command& c) override {
    if (c.verb != batching_verb)
      return base::prepare(c);
    const auto next = any_batching::parse(c.payload);
    if (!next)
      return next.error();
    return command_effect([this, next = *next] { batching_ = next; });
  }

  /// Closes the open pane, so nothing is held across a barrier.
  bool at_barrier(const barrier&) override {
    if (held() > 0)
      close();
    return drain();
  }

  /// The batching: a command may have swapped it. Of panes and marks nothing is left at a barrier.
  result<void> save(std::string& to) const override {
    append_binary(to, batching_.text());
    put_plain(to, position_);
    return base::save(to);
  }
  result<void> load(byte_cursor& from) override {
    std::string text;
    const bool is_whole = read_binary(from, text) && get_plain(from, position_);
    const auto batching = any_batching::parse(text);
    if (!is_whole || !batching)
      return this->loaded(false);
    batching_ = *batching;
    return base::load(from);
  }

  bool finish() override {
    if (held() > 0)
      close();
    return drain();
  }

  /// Panes that wait for credit are under way: only what has gone is behind it.
  void stall(const stamp&) override { base::stall({}); }

  bool blocked() const override { return !ready_.empty() || base::blocked(); }
  void resume() override {
    base::resume();
    pump();
  }
  bool drain() override {
    pump();
    return ready_.empty() && base::drain();
  }

private:
  // A pane goes in fragments that may be larger than the frames it came in.
  static constexpr frame_limits least_fragment{1024, 256 * 1024};
  static constexpr clock_time never = std::numeric_limits<clock_time>::max();
  struct pending_mark {
    std::uint64_t after; // of the records ever taken
    mark at;
  };

  std::size_t held() const { return held_; }

  // With no pane open: whole panes pass with their frame, only the rest is held.
  void take(frame& f, std::size_t& next, std::size_t end) {
    auto rows = take_rows(f, next, end);
    const std::size_t n = rows->records.size();
    taken_ += n;
    next = end;
    pane_ends panes;
    std::size_t whole = 0;
    if (batching_.is_record_at_a_time()) {
      panes.ones = true;
      whole = n;
    } else if (batching_.count() <= fragment_) {
      for (; whole + batching_.count() <= n;
           panes.ends.push_back(static_cast<std::uint32_t>(whole)))
        whole += batching_.count();
    }
    if (whole < n) {
      auto rest = std::make_shared<rows_of<T>>();
      move_rows(*rows, whole, n, *rest, {});
      open_pane(rest);
      if (whole > 0)
        truncate(*rows, whole);
    }
    if (whole > 0) {
      stage_counters::add(services_.counters->panes, panes.ones ? whole : panes.ends.size());
      emit(std::move(rows), std::move(panes));
      pump();
    }
  }

  std::shared_ptr<rows_of<T>> take_rows(frame& f, std::size_t begin, std::size_t end) {
    if (begin == 0 && end == f.size() && f.sole_owner() && !comes_late(f)) {
      note_position(*f.records);
      return std::static_pointer_cast<rows_of<T>>(std::move(f.records));
    }
    auto rows = std::make_shared<rows_of<T>>();
    append(f, begin, end, *rows);
    return rows;
  }

  // With a pane open: adds records to it.
  void fill(frame& f, std::size_t& next, std::size_t end) {
    if (gauge_.full(open_.back()->records)) {
      gauge_.restart();
      open_.push_back(std::make_shared<rows_of<T>>());
    }
    append(f, next, end, *open_.back());
    held_ += end - next;
    taken_ += end - next;
    next = end;
  }

  void append(frame& f, std::size_t begin, std::size_t end, rows_of<T>& to) {
    if (f.sole_owner())
      move_rows(f.as<T>(), begin, end, to, position_);
    else
      copy_rows(f.as<T>(), begin, end, to, position_);
    note_position(to);
  }

  // What a channel that was idle brings late takes the present position: stamps rise on the way
  // out.
  bool comes_late(const frame& f) const {
    const envelope_columns& e = f.records->envelopes;
    return e.stamped() && e.stamp_of(0) < position_;
  }
  void note_position(const rows& taken) {
    if (taken.envelopes.stamped())
      position_ = with_descendants(taken.envelopes.last_stamp());
  }

  void open_pane(std::shared_ptr<rows_of<T>> rows) {
    held_ = rows->records.size();
    gauge_.restart();
    open_.push_back(std::move(rows));
    if (batching_.delay().count() == 0)
      return;
    const clock_time now = services_.time->now();
    const clock_time delay = batching_.delay().count();
    deadline_ = batching_.aligned() ? (now / delay + 1) * delay : now + delay;
    if (deadline_ < armed_for_)
      arm();
  }

  // One timer at a time: a pane that closes early leaves it to the next.
  void arm() {
    armed_for_ = deadline_;
    services_.wake_at(deadline_);
  }

  void close() {
    stage_counters::add(services_.counters->panes, 1);
    for (std::size_t i = 0; i < open_.size(); ++i) {
      pane_ends panes;
      if (i + 1 == open_.size())
        panes.ends.push_back(static_cast<std::uint32_t>(open_[i]->records.size()));
      emit(std::move(open_[i]), std::move(panes));
    }
    open_.clear();
    held_ = 0;
    pump();
  }

  void emit(std::shared_ptr<rows> rows, pane_ends panes) {
    frame f;
    f.records = std::move(rows);
    f.panes = std::move(panes);
    ready_.push_back(std::move(f));
  }

  // Fires as far as credit goes; the rest waits in ready_.
  void pump() {
    while (!ready_.empty() && !base::blocked()) {
      passed_ += ready_.front().size();
      out_.forward(std::move(ready_.front()));
      ready_.pop_front();
    }
    for (; !marks_.empty() && marks_.front().after <= passed_; marks_.pop_front())
      this->promise(marks_.front().at);
  }

  static void move_rows(rows_of<T>& from, std::size_t begin, std::size_t end, rows_of<T>& to,
                        const stamp& least) {
    copy_columns(from, begin, end, to, least);
    const auto first = from.records.begin();
    to.records.insert(to.records.end(), std::make_move_iterator(first + std::ptrdiff_t(begin)),
                      std::make_move_iterator(first + std::ptrdiff_t(end)));
  }
  static void copy_rows(const rows_of<T>& from, std::size_t begin, std::size_t end, rows_of<T>& to,
                        const stamp& least) {
    copy_columns(from, begin, end, to, least);
    const auto first = from.records.begin();
    to.records.insert(to.records.end(), first + std::ptrdiff_t(begin), first + std::ptrdiff_t(end));
  }
  static void copy_columns(const rows_of<T>& from, std::size_t begin, std::size_t end,
                           rows_of<T>& to, const stamp& least) {
    const carried_columns carried = from.envelopes.carried();
    envelope_cursor envelopes(from.envelopes, carried);
    for (std::size_t i = begin; i < end; ++i) {
      envelope e = envelopes.at(i);
      if (carried.stamps)
        e.at = std::max(e.at, least);
      to.envelopes.add(to.records.size() + (i - begin), e, carried);
    }
  }
  static void truncate(rows_of<T>& rows, std::size_t size) {
    rows.records.erase(rows.records.begin() + std::ptrdiff_t(size), rows.records.end());
    rows.envelopes.truncate(size);
  }

  any_batching batching_;
  std::size_t fragment_ = least_fragment.records; // most records in one
  frame_gauge<T> gauge_;                          // of open_.back()
  std::vector<std::shared_ptr<rows_of<T>>> open_; // the open pane, in fragments
  std::size_t held_ = 0;                          // records in it
  std::deque<frame> ready_;                       // closed, waiting for credit
  std::deque<pending_mark> marks_;
  std::uint64_t taken_ = 0;
  std::uint64_t passed_ = 0;
  stamp position_; // nothing before it goes out any more
  clock_time deadline_ = 0;
  clock_time armed_for_ = never;
};

} // namespace leat
