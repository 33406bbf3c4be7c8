#include <leat/detail/runtime/inlet.hpp>

#include <leat/detail/record/plain_bytes.hpp>
#include <leat/detail/runtime/protocol_violation.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace leat {

inlet::inlet(std::size_t channels, bool ordered, const credit& window)
    : channels_(channels), fed_(channels), by_stamp_(ordered), ordered_(ordered && channels > 1) {
  piece_.channel = channels;
  for (channel& c : channels_)
    c.due = credit_return{window};
}

void inlet::receive(std::size_t index, frame f) {
  if (index >= fed_)
    throw protocol_violation(fmt::format("a frame came on channel {} of {}", index, fed_));
  channel& c = channels_[index];
  if (c.had_last)
    throw protocol_violation(fmt::format("a frame came on channel {} behind the last one", index));
  const bool needs_credit = f.size() > 0 && !f.last && !f.barrier_at;
  const bool had_credit = c.due.arrived(f.paid);
  const bool honest = f.paid.records == static_cast<std::int64_t>(f.size()) &&
                      f.paid.frames == (f.size() > 0 ? 1 : 0) && f.paid.bytes >= 0;
  if (!honest || (needs_credit && !had_credit))
    throw protocol_violation(
        fmt::format("a frame came on channel {} that was not paid for", index));
  c.had_last = f.last;
  c.arrived.push_back(std::move(f));
  ++arrived_;
  promised_.reset();
}

void inlet::promise(std::size_t index, const mark& m, std::uint64_t frames) {
  if (index >= fed_)
    throw protocol_violation(fmt::format("a promise came on channel {} of {}", index, fed_));
  channel& c = channels_[index];
  if (frames > c.taken || (c.at && frames == c.taken))
    c.late = late_promise{m, frames};
  else
    count(c, m, frames);
}

// Whether a sender is idle, or stalled, it said before it sent what has come since.
void inlet::count(channel& c, mark m, std::uint64_t frames) {
  if (frames < c.taken)
    m.idle = c.promised.idle, m.stalled = c.promised.stalled;
  c.promised.raise(m);
  c.late.reset();
}

void inlet::count_late(channel& c) {
  if (c.late && !c.at && c.late->frames <= c.taken)
    count(c, c.late->at, c.late->frames);
}

void inlet::promise_all(const mark& m) { promised_ = m; }

const inlet::piece* inlet::next() {
  drop_consumed();
  if (std::exchange(passed_now_, false))
    for (channel& c : channels_)
      count_late(c);
  if (arrived_ > 0)
    take_in();
  if (held_ > 0 && (ordered_ ? next_by_stamp() : next_by_arrival()))
    return &piece_;
  piece_.channel = channels_.size();
  return nullptr;
}

bool inlet::next_by_arrival() {
  for (std::size_t i = 0; i < channels_.size(); ++i)
    if (channel& c = channels_[i]; !c.held.empty()) {
      piece_ = {i, &c.held.front(), &c.next, c.held.front().size()};
      return true;
    }
  return false;
}

void inlet::drop_consumed() {
  if (piece_.channel >= channels_.size())
    return;
  channel& c = channels_[piece_.channel];
  if (c.next < c.held.front().size())
    return;
  held_ -= c.next;
  return_credit(c, c.held.front());
  c.held.pop_front();
  c.next = 0;
  piece_.channel = channels_.size();
}

void inlet::return_credit(channel& c, frame& f) {
  c.due.entered(std::exchange(f.paid, {}));
  credit_due_ = true;
}

// A merge looks at all that has arrived: what it waits for may stand behind it. Otherwise one frame
// is taken at a time, so that arrived frames keep their credit while we are slow.
void inlet::take_in() {
  if (!ordered_)
    return take_in_by_turns();
  for (channel& c : channels_)
    while (!c.arrived.empty() && !c.at)
      take_in(c);
}

void inlet::take_in_by_turns() {
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
  --arrived_;
  ++taken_;
  ++c.taken;
  if ((c.at = f.barrier_at))
    ++standing_;
  if (f.last) {
    c.ended = true;
    c.ended_at = f.ended_at;
  }
  if (f.size() > 0) {
    c.promised.idle = false;
    if (const auto& envelopes = f.records->envelopes; envelopes.stamped())
      c.promised.progress = std::max(c.promised.progress, with_descendants(envelopes.last_stamp()));
  }
  count_late(c);
  if (!ordered_ || expected_ > passed_)
    return_credit(c, f);
  held_ += f.size();
  if (f.size() > 0)
    c.held.push_back(std::move(f));
}

void inlet::expect_barrier(epoch number) {
  expected_ = std::max(expected_, number);
  if (expected_ > passed_)
    for (channel& c : channels_)
      for (frame& f : c.held)
        return_credit(c, f);
}

// A record may go once no channel can bring one with a smaller stamp.
bool inlet::next_by_stamp() {
  channel* first = nullptr;
  const stamp* first_head = nullptr;
  const stamp* bound = &end_of_stamps; // nothing beyond it may go yet
  const stamp* rival = &end_of_stamps; // the head of the next channel in line
  bool rival_wins_ties = false;
  for (channel& c : channels_) {
    if (c.held.empty()) {
      if (!c.ended && !c.promised.idle && c.promised.progress < *bound)
        bound = &c.promised.progress;
      continue;
    }
    const stamp& s = head(c);
    if (!first || s < *first_head) {
      if (first && *first_head <= *rival)
        rival = first_head, rival_wins_ties = true;
      first = &c, first_head = &s;
    } else if (s < *rival) {
      rival = &s, rival_wins_ties = false;
    }
  }
  if (!first || *first_head > *bound)
    return false;
  const frame& f = first->held.front();
  const envelope_columns& envelopes = f.records->envelopes;
  const auto may_go = [&](const stamp& s) {
    return s <= *bound && (rival_wins_ties ? s < *rival : s <= *rival);
  };
  std::size_t end = first->next + 1;
  while (end < f.size() && may_go(envelopes.stamp_of(end)))
    ++end;
  piece_ = {static_cast<std::size_t>(first - channels_.data()), &first->held.front(), &first->next,
            end};
  return true;
}

mark inlet::reached() {
  drop_consumed();
  if (empty() && promised_ && *promised_ != end_mark && standing_ == 0)
    return *promised_;
  joint_mark all;
  event_time ended_at = ended_at_;
  bool ended = true;
  for (const channel& c : channels_) {
    ended_at = std::max(ended_at, c.ended_at);
    if (c.ended && c.held.empty() && c.arrived.empty())
      continue;
    ended = false;
    mark m = c.promised;
    if (!c.held.empty()) {
      const bool stamped = c.held.front().records->envelopes.stamped();
      m = {stamped ? all_before(head(c)) : stamp{}, false, m.stalled};
    }
    all += joint_mark(m);
  }
  return ended ? mark{end_of(ended_at), false, false} : all.together();
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
  passed_ = std::max(passed_, aligned()->epoch);
  for (channel& c : channels_)
    c.at = nullptr;
  standing_ = 0;
  passed_now_ = true;
}

namespace {

input_edges::const_iterator find_input(const input_edges& edges, std::uint64_t input) {
  return std::ranges::find(edges, input, [](const auto& e) { return e->input; });
}

const row_codec* codec_of_input(const input_edges& edges, std::uint64_t input) {
  const auto found = find_input(edges, input);
  return found == edges.end() ? nullptr : (*found)->codec;
}

error corrupt_records() { return external_error("the saved records are corrupt"); }

// How records of an input are read, if their type has changed.
result<std::optional<detail::conversion>>
conversion_to(const row_codec& codec, const inlet::input_types& saved, std::uint64_t input) {
  const auto type = saved.find(input);
  if (type == saved.end())
    return corrupt_records();
  auto how = conversion_of_rows(type->second, codec);
  if (how)
    return how;
  error why = how.error();
  why.what = "the records that it held differ from the saved ones: " + why.what;
  return why;
}

} // namespace

result<void> inlet::save(std::string& to, const input_edges& edges) const {
  event_time ended_at = ended_at_;
  std::uint64_t frames = 0;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    if (ordered_ && !edges[i]->codec)
      return user_error(fmt::format("records of type {} from stage \"{}\" cannot be saved",
                                    edges[i]->type, edges[i]->from),
                        "declare the fields of the type");
    ended_at = std::max(ended_at, channels_[i].ended_at);
    frames += channels_[i].held.size();
  }
  put_plain(to, ended_at), put_plain(to, frames);
  for (std::size_t i = 0; i < channels_.size(); ++i)
    if (!channels_[i].held.empty())
      save(channels_[i], edges[i]->input, to, *edges[i]->codec);
  return {};
}

// What has arrived and was not taken in came after the barrier, and comes again. So do promises:
// who has ended, or is idle, says so again.
void inlet::save(const channel& c, std::size_t input, std::string& to, const row_codec& codec) {
  assert(!c.at);
  for (std::size_t i = 0, first = c.next; i < c.held.size(); ++i, first = 0) {
    frame f;
    f.records = c.held[i].records;
    if (first > 0) {
      f.records = make_rows(f.records->type());
      rows& whole = *c.held[i].records;
      f.records->envelopes.append(0, whole.envelopes, first, whole.size(),
                                  whole.envelopes.carried());
      f.records->append(whole, first, whole.size(), false);
    }
    f.paid = {1, static_cast<std::int64_t>(f.size()), 0};
    std::string bytes;
    encode_frame(f, codec, bytes, std::numeric_limits<std::size_t>::max());
    put_plain(to, std::uint64_t{input});
    append_binary(to, bytes);
  }
}

result<void> inlet::load(byte_cursor& from, const input_edges& edges, const input_types& saved,
                         const claim& claims) {
  std::map<std::uint64_t, std::optional<detail::conversion>> conversions;
  event_time ended_at;
  std::uint64_t frames = 0;
  if (!get_plain(from, ended_at) || !get_plain(from, frames))
    return corrupt_records();
  ended_at_ = std::max(ended_at_, ended_at);
  std::uint64_t input = 0;
  for (std::string bytes; frames > 0; --frames) {
    if (!get_plain(from, input) || !read_binary(from, bytes))
      return corrupt_records();
    const row_codec* const codec = codec_of_input(edges, input);
    if (!codec)
      return user_error("the saved state has records of an input that the stage does not have",
                        "run the graph that it was saved by");
    if (!conversions.contains(input)) {
      auto how = conversion_to(*codec, saved, input);
      if (!how)
        return how.error();
      conversions.emplace(input, std::move(*how));
    }
    const auto f = decode_saved_frame(bytes, *codec, conversions.at(input));
    if (!f || f->size() == 0 || !f->records->envelopes.stamped())
      return corrupt_records();
    restored_[input].add(*f,
                         [&](const rows& held, std::size_t i) { return claims(input, held, i); });
  }
  return {};
}

void inlet::begin(input_edges& edges) {
  for (const auto& [input, records] : std::exchange(restored_, {})) {
    channel c;
    c.held = records.in_order();
    if (c.held.empty())
      continue;
    for (const frame& f : c.held)
      held_ += f.size();
    c.ended = c.had_last = true;
    channels_.push_back(std::move(c));
    edges.push_back(std::shared_ptr(*find_input(edges, input)));
  }
  ordered_ = by_stamp_ && channels_.size() > 1;
  piece_.channel = channels_.size();
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
