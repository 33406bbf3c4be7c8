// Where a branch ends: in a port, by a route, or in further branches where its chain is forked
// again. A chain pushes its records, which only it knows the type of.
#pragma once

#include <leat/detail/record/key.hpp>
#include <leat/detail/transport/branch.hpp>

namespace leat {

/// How an edge chooses the consuming subtask.
enum class routing {
  forward,   ///< subtask i feeds subtask i; or, with one consumer, everybody feeds it
  rebalance, ///< frame by frame, in turn
  hash,      ///< by key: equal keys reach the same subtask
  broadcast  ///< every subtask gets every record
};

/// What a branch asks of its end, once a frame. Each end also has `push<T>(record, envelope)`,
/// which answers whether the next record may come.
class branch_end {
public:
  virtual ~branch_end() = default;
  /// A frame with these columns is about to be run through.
  virtual void begin(const carried_columns& columns) = 0;
  /// True if a frame may go on as it is instead of record by record; asked after begin().
  virtual bool takes_frames() const = 0;
  virtual void forward(frame& f) = 0;
  /// So many records are better sent as they are than gathered with others.
  virtual std::size_t worth_forwarding() const = 0;
  /// Hands on what was gathered.
  virtual void settle() = 0;
  virtual void passed(const stamp& s) = 0;
  virtual bool blocked() const = 0;
  virtual const carried_columns& columns() const = 0;
  virtual void list_ports(std::vector<port*>& all) = 0;
};

/// In a port.
class edge_end : public branch_end {
public:
  edge_end(const record_type& type, routing by, std::size_t edge) : by_(by), port_(type, edge) {}

  template <class T, class U = T>
  bool push(U&& r, const envelope_view& e) {
    bool go_on = true;
    if (by_ == routing::broadcast)
      for (std::size_t other = 1; other < port_.lanes(); ++other)
        go_on = port_.push<T>(other, std::as_const(r), e) && go_on;
    return port_.push<T>(lane_, std::forward<U>(r), e) && go_on;
  }

  /// Pushes records from `next` on, as many as go in one block, and moves `next` on. `owner`:
  /// nobody needs them in `from` any more. `child`: extends the paths of their stamps.
  bool push_block(rows& from, std::size_t& next, bool owner, std::optional<std::uint32_t> child);

  void begin(const carried_columns& columns) override;
  bool takes_frames() const override { return !by_record_ && !sheds_columns_ && !has_open(); }
  /// Broadcast frames are shared, not copied.
  void forward(frame& f) override;
  std::size_t worth_forwarding() const override { return port_.capacity() / 2; }
  void settle() override {}
  void passed(const stamp& s) override { port_.passed(s); }
  bool blocked() const override { return port_.blocked(); }
  const carried_columns& columns() const override { return port_.carried(); }
  void list_ports(std::vector<port*>& all) override { all.push_back(&port_); }

protected:
  bool has_open() const;

  routing by_;
  std::size_t lane_ = 0;
  bool by_record_ = false;
  bool sheds_columns_ = false;
  port port_;
};

/// In a port, by key.
template <class KeyOf>
class hashed_end final : public edge_end {
public:
  hashed_end(const record_type& type, KeyOf key_of, std::size_t edge)
      : edge_end(type, routing::hash, edge), key_of_(std::move(key_of)) {}

  template <class T, class U = T>
  bool push(U&& r, const envelope_view& e) {
    std::size_t lane = 0;
    if (by_record_)
      lane = subtask_of(key_group_of(key_hash(std::as_const(key_of_)(std::as_const(r)))),
                        port_.lanes());
    return port_.push<T>(lane, std::forward<U>(r), e);
  }

private:
  KeyOf key_of_;
};

/// In further branches: its chain's output is gathered and handed to them.
class fork_end final : public branch_end {
public:
  fork_end(const record_type& type, fanout to)
      : to_(std::move(to)), type_(type), gauge_(type), gathered_(make_rows(type)) {}

  template <class T, class U = T>
  bool push(U&& r, const envelope_view& e) {
    gathered_->add<T>(std::forward<U>(r), e, columns_);
    if (gauge_.full<T>(*gathered_))
      settle();
    return !to_.blocked();
  }

  void begin(const carried_columns& columns) override { columns_ = columns; }
  bool takes_frames() const override { return gathered_->size() == 0; }
  void forward(frame& f) override { to_.accept(f); }
  std::size_t worth_forwarding() const override { return 0; }
  void settle() override;
  void passed(const stamp& s) override;
  bool blocked() const override { return to_.blocked() || gathered_->size() > 0; }
  const carried_columns& columns() const override { return columns_; }
  void list_ports(std::vector<port*>& all) override { to_.list_ports(all); }

private:
  fanout to_;
  const record_type& type_;
  frame_gauge gauge_; // of the usual frame: the branches cut theirs as the run says
  std::shared_ptr<rows> gathered_;
  carried_columns columns_; // of the frame that is run through
};

} // namespace leat
