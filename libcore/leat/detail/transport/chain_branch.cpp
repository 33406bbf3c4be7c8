#include <leat/detail/transport/chain_branch.hpp>

namespace leat {

void running_branch::accept(frame& f) {
  const carried_columns columns = f.records->envelopes.carried();
  end_.begin(columns);
  if (whole_ == whole::forwards_frame) {
    if (!(columns.stamps && number_ && end_.columns().stamps) && end_.takes_frames())
      return forward(f);
  } else if (whole_ == whole::rewrites_frame) {
    if (plain(*f.records) && end_.takes_frames() && f.sole_owner())
      return rewrite(f);
  }
  owner_ = f.records->type().move && f.sole_owner();
  next_ = 0;
  if (!run(*f.records))
    current_ = std::move(f.records);
  end_.settle();
  end_.passed(done_);
}

void running_branch::resume() {
  end_.settle();
  if (end_.blocked())
    return;
  if (resume_chain() && (!current_ || run(*current_)))
    current_.reset();
  end_.settle();
  end_.passed(done_);
}

void running_branch::passed(const stamp& s) {
  if (!current_)
    end_.passed(s);
}

void running_branch::forward(frame& f) {
  if (const auto& envelopes = f.records->envelopes; envelopes.stamped())
    done_ = with_descendants(envelopes.last_stamp());
  end_.forward(f);
  end_.passed(done_);
}

bool direct_branch::run(rows& from) {
  const bool stamped = edge_.columns().stamps && from.envelopes.stamped();
  bool go_on = true;
  while (go_on && next_ < from.size())
    go_on = edge_.push_block(from, next_, owner_, stamped ? number_ : std::nullopt);
  if (stamped && next_ > 0)
    done_ = with_descendants(from.envelopes.stamp_of(next_ - 1));
  return go_on;
}

} // namespace leat
