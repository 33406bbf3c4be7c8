// What happens to a stage's output inside its own actor: it is handed, frame by frame, to one or
// several branches. A branch runs its chain of fused steps and routes the result into a port, or
// into branches of its own where a stream was forked again.
#pragma once

#include <leat/detail/record/key.hpp>
#include <leat/detail/transport/port.hpp>
#include <leat/detail/transport/steps.hpp>

namespace leat {

/// One consumer of frames of T. Each call may leave it blocked; then it wants `resume` before more.
template <class T>
class branch {
public:
  virtual ~branch() = default;
  /// Takes a frame. Records it is through with it leaves in `f`, for the caller to use again.
  virtual void accept(frame& f) = 0;
  virtual void resume() = 0;
  virtual bool blocked() const = 0;
  /// No record up to this stamp, and nothing that descends from one, will be given any more.
  virtual void passed(const stamp& s) = 0;
  virtual void list_ports(std::vector<port*>& all) = 0;
};

/// All branches of one output.
template <class T>
class fanout {
public:
  /// `number`: that of this output among its stage's, if its records meet those of another again.
  explicit fanout(std::optional<std::uint32_t> number = {}) : number_(number) {}

  std::optional<std::uint32_t> number() const { return number_; }

  void add(std::unique_ptr<branch<T>> b) { branches_.push_back(std::move(b)); }

  void accept(frame& f) {
    for (std::size_t i = 0; i + 1 < branches_.size(); ++i) {
      frame shared = f;
      branches_[i]->accept(shared);
    }
    if (!branches_.empty())
      branches_.back()->accept(f);
  }

  void resume() {
    for (auto& b : branches_)
      if (b->blocked())
        b->resume();
  }

  bool blocked() const {
    for (const auto& b : branches_)
      if (b->blocked())
        return true;
    return false;
  }

  void passed(const stamp& s) {
    for (auto& b : branches_)
      b->passed(s);
  }

  void list_ports(std::vector<port*>& all) {
    for (auto& b : branches_)
      b->list_ports(all);
  }

private:
  std::optional<std::uint32_t> number_;
  std::vector<std::unique_ptr<branch<T>>> branches_;
};

/// Subtask i feeds subtask i; or, with one consumer, everybody feeds it.
struct forward_route {
  static constexpr bool by_record = false;
  static constexpr bool to_all = false;
  std::size_t next_frame(std::size_t) { return 0; }
};

/// Frame by frame, in turn.
struct rebalance_route {
  static constexpr bool by_record = false;
  static constexpr bool to_all = false;
  std::size_t next_frame(std::size_t lanes) { return turn_ = (turn_ + 1) % lanes; }

private:
  std::size_t turn_ = 0;
};

/// By key: equal keys reach the same subtask.
template <class KeyOf>
struct hash_route {
  static constexpr bool by_record = true;
  static constexpr bool to_all = false;
  template <class T>
  std::size_t lane(const T& record, std::size_t lanes) const {
    return subtask_of(key_group_of(key_hash(key_of(record))), lanes);
  }
  std::size_t next_frame(std::size_t) { return 0; }
  KeyOf key_of;
};

/// Every subtask gets every record. Frames are shared, not copied, where they may go on as they
/// are.
struct broadcast_route {
  static constexpr bool by_record = false;
  static constexpr bool to_all = true;
  std::size_t next_frame(std::size_t) { return 0; }
};

/// Where a branch ends: in a port, by a route.
template <class T, class Route>
class routed_end {
public:
  routed_end(Route route, std::size_t edge) : route_(std::move(route)) { port_.edge = edge; }

  /// A frame is about to be run through.
  void begin(const carried_columns& columns) {
    lane_ = route_.next_frame(port_.lanes());
    // Columns must not slip onto an edge without them: behind it they would mix with records that
    // have none.
    sheds_columns_ = !port_.carried().covers(columns);
    by_record_ = Route::by_record && port_.lanes() > 1;
  }

  template <class U>
  bool push(U&& r, const envelope& e) {
    bool go_on = true;
    if constexpr (Route::to_all)
      for (std::size_t other = 1; other < port_.lanes(); ++other)
        go_on = port_.push(other, std::as_const(r), e) && go_on;
    std::size_t lane = lane_;
    if constexpr (Route::by_record)
      if (by_record_)
        lane = route_.lane(r, port_.lanes());
    return port_.push(lane, std::forward<U>(r), e) && go_on;
  }

  /// True if a frame may go on as it is instead of record by record; asked after begin().
  bool takes_frames() const { return !by_record_ && !sheds_columns_ && !has_open(); }
  void forward(frame& f) {
    if constexpr (Route::to_all)
      for (std::size_t other = 1; other < port_.lanes(); ++other)
        port_.forward(other, f);
    port_.forward(lane_, std::move(f));
  }
  std::size_t worth_forwarding() const { return port_.capacity() / 2; }

  void settle() {}
  void passed(const stamp& s) { port_.passed(s); }
  bool blocked() const { return port_.blocked(); }
  const carried_columns& columns() const { return port_.carried(); }
  void list_ports(std::vector<port*>& all) { all.push_back(&port_); }

private:
  bool has_open() const {
    bool open = port_.has_open(lane_);
    if constexpr (Route::to_all) // those with credit were flushed
      for (std::size_t other = 1; other < port_.lanes(); ++other)
        open = open || port_.has_open(other);
    return open;
  }

  Route route_;
  std::size_t lane_ = 0;
  bool by_record_ = false;
  bool sheds_columns_ = false;
  port_of<T> port_;
};

/// Where a branch forks again: its chain's output is gathered and handed to further branches.
template <class T>
class forked_end {
public:
  explicit forked_end(fanout<T> to) : to_(std::move(to)) {}

  template <class U>
  bool push(U&& r, const envelope& e) {
    gathered_->add(std::forward<U>(r), e, columns_);
    if (gauge_.full(gathered_->records))
      settle();
    return !to_.blocked();
  }

  bool takes_frames() const { return gathered_->records.empty(); }
  void forward(frame& f) { to_.accept(f); }
  std::size_t worth_forwarding() const { return 0; }

  /// A frame is about to be run through.
  void begin(const carried_columns& columns) { columns_ = columns; }

  /// Hands on what was gathered.
  void settle() {
    if (to_.blocked())
      to_.resume();
    if (to_.blocked() || gathered_->records.empty())
      return;
    gauge_.restart();
    frame f;
    f.records = std::exchange(gathered_, std::make_shared<rows_of<T>>());
    to_.accept(f);
  }
  void passed(const stamp& s) {
    if (!blocked())
      to_.passed(s);
  }
  bool blocked() const { return to_.blocked() || !gathered_->records.empty(); }
  const carried_columns& columns() const { return columns_; }
  void list_ports(std::vector<port*>& all) { to_.list_ports(all); }

private:
  fanout<T> to_;
  frame_gauge<T> gauge_; // of the usual frame: the branches cut theirs as the run says
  std::shared_ptr<rows_of<T>> gathered_ = std::make_shared<rows_of<T>>();
  carried_columns columns_; // of the frame that is run through
};

/// A chain and its end, run over frames; it stops at the record where the end blocks.
template <class Chain, class End>
class chain_branch final : public branch<typename Chain::in> {
  using in = typename Chain::in;
  using out = typename Chain::out;

public:
  /// `number`: that of this branch in its fork, if its records meet those of another again. It
  /// extends the path of their stamps, so that these differ where they meet.
  chain_branch(Chain chain, End end, std::optional<std::uint32_t> number = {})
      : chain_(std::move(chain)), end_(std::move(end)), number_(number) {}

  void accept(frame& f) override {
    const carried_columns columns = f.records->envelopes.carried();
    end_.begin(columns);
    if constexpr (std::is_same_v<Chain, pass<in>>) {
      if (!(columns.stamps && number_ && end_.columns().stamps) && end_.takes_frames())
        return forward(f);
    } else if constexpr (std::is_same_v<in, out> && !Chain::expands && !owns_heap<in>) {
      if (plain(*f.records) && end_.takes_frames() && f.sole_owner())
        return rewrite(f);
    }
    owner_ = !std::is_trivially_copyable_v<in> && f.sole_owner();
    next_ = 0;
    if (!run(f.records))
      current_ = std::move(f.records);
    end_.settle();
    end_.passed(done_);
  }

  void resume() override {
    end_.settle();
    if (end_.blocked())
      return;
    if (chain_.resume(down()) && (!current_ || run(current_)))
      current_.reset();
    end_.settle();
    end_.passed(done_);
  }

  bool blocked() const override { return end_.blocked() || current_; }
  void passed(const stamp& s) override {
    if (!current_)
      end_.passed(s);
  }
  void list_ports(std::vector<port*>& all) override { end_.list_ports(all); }

private:
  // Nothing in it differs from record to record but the records.
  static bool plain(const rows& r) {
    return !r.envelopes.stamped() && r.envelopes.ingest().size() <= 1;
  }

  void forward(frame& f) {
    if (const auto& envelopes = f.records->envelopes; envelopes.stamped())
      done_ = with_descendants(envelopes.last_stamp());
    end_.forward(f);
    end_.passed(done_);
  }

  // The frame is nobody else's and its type stays: run the chain in place and send the same frame.
  // Not where records own heap: they may grow, and the frame with them.
  void rewrite(frame& f) {
    auto& records = f.as<in>().records;
    in* kept = records.data();
    const auto keep = [&kept](auto&& r) {
      if (std::addressof(r) != kept) // a string that is moved onto itself is empty
        *kept = std::forward<decltype(r)>(r);
      ++kept;
      return true;
    };
    for (in& r : records)
      chain_.push(std::move(r), keep);
    const auto count = static_cast<std::size_t>(kept - records.data());
    records.erase(records.begin() + static_cast<std::ptrdiff_t>(count), records.end());
    if (count > 0 && count >= end_.worth_forwarding())
      return end_.forward(f);
    const envelope same = envelope_cursor(f.records->envelopes, {}).at(0);
    for (in& r : records)
      end_.push(std::move(r), same);
    end_.settle();
  }

  // Runs from where it stopped. True if the frame is through and the chain keeps nothing of it.
  bool run(const std::shared_ptr<rows>& frame_records) {
    auto& from = static_cast<rows_of<in>&>(*frame_records);
    const bool stamped = end_.columns().stamps && from.envelopes.stamped();
    envelope_cursor envelopes(from.envelopes, end_.columns());
    bool go_on = true;
    if (plain(from)) {
      here_ = envelopes.at(0);
      while (go_on && next_ < from.records.size())
        go_on = step(from.records[next_++]);
    } else {
      while (go_on && next_ < from.records.size()) {
        here_ = envelopes.at(next_);
        if (stamped && number_)
          here_.at.path = here_.at.path.child(*number_);
        go_on = step(from.records[next_++]);
      }
      // All that comes of a record, whatever the number of this branch; but a chain that expands
      // may keep some children of the one it stopped at.
      if (stamped && next_ > 0 && (!Chain::expands || go_on))
        done_ = with_descendants(from.envelopes.stamp_of(next_ - 1));
    }
    return go_on;
  }

  bool step(in& r) {
    child_ = 0;
    if constexpr (!std::is_trivially_copyable_v<in>)
      if (owner_)
        return chain_.push(std::move(r), down());
    return chain_.push(std::as_const(r), down());
  }

  auto down() {
    return [this](auto&& r) {
      if constexpr (Chain::expands) {
        envelope e = here_;
        e.at.path = e.at.path.child(child_++);
        done_ = with_descendants(e.at);
        return end_.push(std::forward<decltype(r)>(r), e);
      } else {
        return end_.push(std::forward<decltype(r)>(r), here_);
      }
    };
  }

  Chain chain_;
  End end_;
  std::optional<std::uint32_t> number_;
  std::shared_ptr<rows> current_; // the frame under way, while it is blocked
  bool owner_ = false;
  std::size_t next_ = 0;
  envelope here_; // what the record under way hands down
  stamp done_;    // all that comes of records up to this one was pushed
  std::uint64_t child_ = 0;
};

} // namespace leat
