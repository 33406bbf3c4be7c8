// A chain of fused steps and its end, run over frames.
#pragma once

#include <leat/detail/transport/branch_end.hpp>
#include <leat/detail/transport/steps.hpp>

namespace leat {

/// The part of a branch that knows neither its chain nor its records: it stops at the record where
/// the end blocks, and goes on from there.
class running_branch : public branch {
public:
  void accept(frame& f) final;
  void resume() final;
  bool blocked() const final { return end_.blocked() || current_; }
  void passed(const stamp& s) final;
  void list_ports(std::vector<port*>& all) final { end_.list_ports(all); }

protected:
  /// What a chain does to a frame that may go on as it is.
  enum class whole { pushes_records, forwards_frame, rewrites_frame };

  /// `number`: that of this branch in its fork, if its records meet those of another again. It
  /// extends the path of their stamps, so that these differ where they meet.
  running_branch(branch_end& end, whole way, std::optional<std::uint32_t> number)
      : end_(end), whole_(way), number_(number) {}

  /// Runs from `next_` on. True if the frame is through and the chain keeps nothing of it.
  virtual bool run(rows& from) = 0;
  /// Goes on with what the chain keeps. True if it keeps nothing any more.
  virtual bool resume_chain() { return true; }
  /// The frame is nobody else's and its type stays: runs the chain in place.
  virtual void rewrite(frame&) {}

  /// Nothing in it differs from record to record but the records.
  static bool plain(const rows& r) {
    return !r.envelopes.stamped() && r.envelopes.ingest().uniform();
  }

  branch_end& end_;
  const whole whole_;
  const std::optional<std::uint32_t> number_;
  bool owner_ = false; // nobody else needs the frame under way
  std::size_t next_ = 0;
  stamp done_; // all that comes of records up to this one was pushed

private:
  void forward(frame& f);

  std::shared_ptr<rows> current_; // the frame under way, while it is blocked
};

/// Runs no steps: frames go on as they are, or in blocks of records.
class direct_branch final : public running_branch {
public:
  direct_branch(const record_type& type, routing by, std::size_t edge,
                std::optional<std::uint32_t> number = {})
      : running_branch(edge_, whole::forwards_frame, number), edge_(type, by, edge) {}

private:
  bool run(rows& from) override;

  edge_end edge_;
};

/// Runs a chain record by record. End is a branch_end.
template <class Chain, class End>
class chain_branch final : public running_branch {
  using in = typename Chain::in;
  using out = typename Chain::out;

public:
  chain_branch(Chain chain, End to, std::optional<std::uint32_t> number = {})
      : running_branch(to_, whole_of_chain, number), chain_(std::move(chain)), to_(std::move(to)) {}

private:
  static constexpr bool has_steps = !std::is_same_v<Chain, pass<in>>;
  // Not where records own heap: they may grow, and the frame with them.
  static constexpr bool rewrites =
      has_steps && std::is_same_v<in, out> && !Chain::expands && !owns_heap<in>;
  static constexpr whole whole_of_chain = !has_steps ? whole::forwards_frame
                                          : rewrites ? whole::rewrites_frame
                                                     : whole::pushes_records;

  bool run(rows& frame_records) override {
    const std::span<in> from = frame_records.as<in>();
    const envelope_columns& all = frame_records.envelopes;
    const bool stamped = to_.columns().stamps && all.stamped();
    envelope_cursor envelopes(all, to_.columns());
    bool go_on = true;
    while (go_on && next_ < from.size()) {
      const envelope_view e = envelopes.at(next_);
      if (stamped) {
        go_on = number_ ? step(from[next_++], numbered(e)) : step(from[next_++], e);
        continue;
      }
      const std::size_t end = std::min(envelopes.same_until(), from.size());
      while (go_on && next_ < end)
        go_on = step(from[next_++], e);
    }
    // All that comes of a record, whatever the number of this branch; but a chain that expands may
    // keep some children of the one it stopped at.
    if (stamped && next_ > 0 && (!Chain::expands || go_on))
      done_ = with_descendants(all.stamp_of(next_ - 1));
    return go_on;
  }

  bool resume_chain() override { return chain_.resume(down(here_)); }

  void rewrite(frame& f) override {
    if constexpr (rewrites) {
      const std::span<in> records = f.as<in>();
      in* kept = records.data();
      const auto keep = [&kept](auto&& r) {
        if (std::addressof(r) != kept)
          *kept = std::forward<decltype(r)>(r);
        ++kept;
        return true;
      };
      for (in& r : records)
        chain_.push(std::move(r), keep);
      f.records->drop_from(static_cast<std::size_t>(kept - records.data()));
      if (f.size() > 0 && f.size() >= to_.worth_forwarding())
        return to_.forward(f);
      const envelope same = envelope_cursor(f.records->envelopes, {}).at(0);
      for (in& r : f.as<in>())
        to_.template push<out>(std::move(r), same);
      to_.settle();
    }
  }

  bool step(in& r, const envelope_view& e) {
    if constexpr (Chain::expands)
      here_ = e, child_ = 0;
    if constexpr (!std::is_trivially_copyable_v<in>)
      if (owner_)
        return chain_.push(std::move(r), down(e));
    return chain_.push(std::as_const(r), down(e));
  }

  auto down(const envelope_view& of) {
    return [this, &of](auto&& r) {
      if constexpr (Chain::expands) {
        envelope e = here_;
        e.at.path = e.at.path.child(child_++);
        done_ = with_descendants(e.at);
        return to_.template push<out>(std::forward<decltype(r)>(r), e);
      } else {
        return to_.template push<out>(std::forward<decltype(r)>(r), of);
      }
    };
  }

  envelope_view numbered(const envelope_view& e) {
    here_ = e;
    here_.at.path = e.at.path.child(*number_);
    return here_;
  }

  Chain chain_;
  End to_;
  envelope here_; // what the record under way hands down, where that is not what it came with
  std::uint64_t child_ = 0;
};

} // namespace leat
