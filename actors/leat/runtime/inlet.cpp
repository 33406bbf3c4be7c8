#include <leat/runtime/inlet.hpp>

#include <leat/runtime/breach.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

inlet::inlet(std::size_t channels, bool ordered, const credit& window)
    : channels_(channels), ordered_(ordered) {
  for (channel& c : channels_)
    c.due = credit_return{window};
}

void inlet::receive(std::size_t index, frame f) {
  if (index >= channels_.size())
    throw breach(fmt::format("a frame came on channel {} of {}", index, channels_.size()));
  channel& c = channels_[index];
  if (c.had_last)
    throw breach(fmt::format("a frame came on channel {} behind the last one", index));
  const bool needs_credit = f.size() > 0 && !f.last && !f.barrier_at;
  const bool had_credit = c.due.arrived(f.paid);
  const bool honest = f.paid.records == static_cast<std::int64_t>(f.size()) &&
                      f.paid.frames == (f.size() > 0 ? 1 : 0) && f.paid.bytes >= 0;
  if (!honest || (needs_credit && !had_credit))
    throw breach(fmt::format("a frame came on channel {} that was not paid for", index));
  c.had_last = f.last;
  c.arrived.push_back(std::move(f));
}

std::optional<inlet::piece> inlet::next() {
  drop_consumed();
  if (ordered_) {
    if (auto released = next_by_stamp())
      return released;
    take_in();
    return next_by_stamp();
  }
  take_in();
  for (channel& c : channels_)
    if (!c.held.empty())
      return piece{&c.held.front(), &c.next, c.held.front().size()};
  return {};
}

void inlet::drop_consumed() {
  for (channel& c : channels_)
    while (!c.held.empty() && c.next >= c.held.front().size()) {
      if (const auto& m = c.held.front().marked) {
        c.watermark = std::max(c.watermark, m->watermark);
        c.consumed = std::max(c.consumed, m->progress);
      }
      held_ -= c.next; // the stage may have taken the records
      c.held.pop_front();
      c.next = 0;
    }
}

// In order, what has arrived becomes state only when nothing can be released: first of the channels
// that are waited for, and if that is not enough of all, since what the merge waits for may stand
// behind it. Otherwise one frame at a time is. So arrived frames keep their credit while we are
// slow.
void inlet::take_in() {
  if (ordered_) {
    const auto ready = [](const channel& c) { return !c.arrived.empty() && !c.at; };
    for (channel& c : channels_)
      while (c.held.empty() && ready(c))
        take_in(c);
    if (next_by_stamp())
      return;
    for (channel& c : channels_)
      while (ready(c))
        take_in(c);
    return;
  }
  const auto busy = [](const channel& c) { return !c.held.empty(); };
  if (std::any_of(channels_.begin(), channels_.end(), busy))
    return;
  for (std::size_t tries = 0; tries < channels_.size();) {
    channel& c = channels_[turn_];
    if (c.arrived.empty() || c.at) {
      turn_ = (turn_ + 1) % channels_.size();
      ++tries;
      continue;
    }
    take_in(c);
    if (!c.held.empty()) {
      turn_ = (turn_ + 1) % channels_.size();
      return;
    }
  }
}

void inlet::take_in(channel& c) {
  frame f = std::move(c.arrived.front());
  c.arrived.pop_front();
  c.due.entered(f.paid);
  c.at = f.barrier_at;
  c.ended = c.ended || f.last;
  if (f.size() > 0) {
    c.idle = false;
    if (!f.records->stamps.empty())
      c.promised = std::max(c.promised, f.records->stamps[f.size() - 1]);
  }
  if (f.marked) {
    c.promised = std::max(c.promised, f.marked->progress);
    c.idle = f.marked->idle;
  }
  held_ += f.size();
  if (f.size() > 0)
    c.held.push_back(std::move(f));
  else if (f.marked)
    c.watermark = std::max(c.watermark, f.marked->watermark);
}

// A record may go once no channel can bring one with a smaller stamp.
std::optional<inlet::piece> inlet::next_by_stamp() {
  channel* first = nullptr;
  stamp first_head;
  stamp bound = end_of_stamps; // nothing beyond it may go yet
  stamp rival = end_of_stamps; // the head of the next channel in line
  bool rival_wins_ties = false;
  for (channel& c : channels_) {
    if (c.held.empty()) {
      if (!c.ended && !c.idle)
        bound = std::min(bound, c.promised);
      continue;
    }
    const stamp s = head(c);
    if (!first || s < first_head) {
      if (first && first_head <= rival)
        rival = first_head, rival_wins_ties = true;
      first = &c, first_head = s;
    } else if (s < rival) {
      rival = s, rival_wins_ties = false;
    }
  }
  if (!first || first_head > bound)
    return {};
  const frame& f = first->held.front();
  std::size_t end = first->next + 1;
  for (; end < f.size(); ++end) {
    const stamp s = f.records->stamps[end];
    if (s > bound || s > rival || (s == rival && rival_wins_ties))
      break;
  }
  return piece{&first->held.front(), &first->next, end};
}

mark inlet::reached() const {
  mark least = end_mark;
  bool any_active = false;
  bool any_idle = false;
  for (const channel& c : channels_) {
    if (c.ended && c.held.empty())
      continue;
    if (c.idle && c.held.empty()) {
      any_idle = true;
      continue;
    }
    any_active = true;
    least.watermark = std::min(least.watermark, c.watermark);
    if (c.held.empty())
      least.progress = std::min(least.progress, c.promised);
  }
  if (any_active || !any_idle)
    return least;
  // All who could still send are idle: pass on the highest they promised, and that we are idle too.
  least = {};
  least.idle = true;
  for (const channel& c : channels_) {
    if (c.ended)
      continue;
    least.progress = std::max(least.progress, c.promised);
    least.watermark = std::max(least.watermark, c.watermark);
  }
  return least;
}

mark inlet::passed() const {
  mark least = end_mark;
  bool any_active = false;
  for (const channel& c : channels_) {
    if (c.held.empty() && c.arrived.empty() && (c.ended || c.idle))
      continue;
    any_active = true;
    least.watermark = std::min(least.watermark, c.watermark);
    least.progress = std::min(least.progress, c.held.empty() ? c.promised : c.consumed);
  }
  return any_active ? least : mark{};
}

std::shared_ptr<const barrier> inlet::aligned() const {
  std::shared_ptr<const barrier> at;
  for (const channel& c : channels_) {
    if (!c.at && !c.ended)
      return nullptr;
    if (!ordered_ && !c.held.empty())
      return nullptr;
    if (c.at)
      at = c.at;
  }
  return at;
}

void inlet::pass_barrier() {
  for (channel& c : channels_)
    c.at = nullptr;
}

bool inlet::ended() const {
  return std::all_of(channels_.begin(), channels_.end(), [](const channel& c) {
    return c.ended && c.held.empty() && c.arrived.empty();
  });
}

credit inlet::take_credit(std::size_t index) {
  credit_return& due = channels_[index].due;
  return due.worth_granting() ? due.take() : credit{};
}

} // namespace leat
