// A source is saved split by split: where its reader stands, what was read ahead, and what the next
// stamp depends on. A split is known again by its name, and keeps its number.
#include <leat/detail/stage/source_stage.hpp>

#include <leat/detail/transport/frame_codec.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace leat {

namespace {

error error_in(const std::string& place, error why) {
  why.what = place + ": " + why.what;
  return why;
}

} // namespace

result<void> source_stage::save(std::string& to) const {
  const auto codec = source_->codec(services_.stage);
  if (!codec)
    return codec.error();
  std::vector<saved_split> all;
  for (const auto& s : splits_)
    if (is_own(*s))
      all.push_back(saved(*s, *codec));
  append_binary(to, all);
  std::vector<saved_watermarks> states;
  for (const auto& s : splits_)
    if (s->watermarks && s->watermarks->has_state()) {
      saved_watermarks w{s->number, {}, {s->followed.begin() + s->next, s->followed.end()}};
      s->watermarks->save(w.state);
      states.push_back(std::move(w));
    }
  if (!states.empty())
    append_binary(to, states);
  return {};
}

// Whether others wait for a split is known of a moment, and not saved. One that they did not wait
// for is saved where it would rejoin them.
saved_split source_stage::saved(const split& s, const row_codec* codec) const {
  saved_split to;
  to.number = s.number;
  to.name = s.name;
  to.count = s.position;
  to.highest = s.timed_out && splits_.size() > 1 ? rejoins_at(s) : s.highest;
  to.reached = std::max(last_.time, passed_.time);
  to.done = s.done;
  if (begun_ && !s.done)
    to.position = s.reader->position();
  if (!codec)
    return to;
  rows ahead(out_.gathered().type());
  if (!s.at_end())
    ahead.append(s.reader->output().gathered(), s.next, s.times.size(), false);
  s.reader->append_held(ahead);
  if (ahead.size() > 0) {
    append_binary(to.ahead, row_type(*codec));
    codec->encode(ahead, to.ahead);
  }
  return to;
}

result<void> source_stage::load(byte_cursor& from) {
  std::vector<saved_split> splits;
  if (!read_binary(from, splits))
    return loaded(false);
  std::ranges::move(splits, std::back_inserter(saved_));
  std::vector<saved_watermarks> states;
  if (from.left() > 0 && (!read_binary(from, states) || states.empty()))
    return loaded(false);
  std::ranges::move(states, std::back_inserter(saved_watermarks_));
  return {};
}

// All subtasks give the same numbers: new splits come after those that were saved.
result<void> source_stage::restore() {
  constexpr std::uint32_t most_numbers = 1u << 31;
  std::map<std::string_view, split*> present;
  for (const auto& s : splits_)
    present.emplace(s->name, s.get());
  std::set<std::uint32_t> numbers;
  std::uint32_t next = 0;
  for (const saved_split& was : saved_) {
    if (was.number >= most_numbers || !numbers.insert(was.number).second)
      return loaded(false);
    next = std::max(next, was.number + 1);
    if (const auto found = present.find(was.name); found != present.end()) {
      found->second->number = was.number;
      found->second->saved = &was;
      present.erase(found);
    } else if (was.done) { // it is not needed
      splits_.push_back(std::make_unique<split>(was.number, was.name, nullptr));
      splits_.back()->saved = &was;
    } else {
      return user_error("split \"" + was.name + "\" of source \"" + services_.stage +
                            "\" is missing: it was saved after " + std::to_string(was.count) +
                            " records",
                        "restore it, or start without the saved state");
    }
  }
  for (const auto& s : splits_)
    if (!s->saved)
      s->number = next++;
  std::ranges::sort(splits_, {}, &split::number);
  return {};
}

result<void> source_stage::take_on_saved(split& s) {
  s.position = s.saved->count;
  s.done = s.saved->done;
  if (s.saved->highest > s.highest)
    raise(s, s.saved->highest);
  if (auto loaded = take_on_watermarks(s); !loaded)
    return loaded;
  if (auto opened = s.reader->open(services_.wake_soon, s.saved->position); !opened)
    return opened;
  return s.saved->ahead.empty() ? result<void>{} : take_on_read_ahead(s);
}

result<void> source_stage::take_on_read_ahead(split& s) {
  const auto codec = source_->codec(services_.stage);
  if (!codec)
    return codec.error();
  byte_cursor from(s.saved->ahead);
  std::string type;
  if (!*codec || !read_binary(from, type))
    return loaded(false);
  const auto how = conversion_of_rows(type, **codec);
  if (!how)
    return error_in("the records that it had read ahead differ from the saved ones", how.error());
  std::optional<std::string> converted;
  if (*how && !(converted = convert_rows(from, **how)))
    return loaded(false);
  byte_cursor now(converted ? std::string_view(*converted) : std::string_view());
  byte_cursor& rest = converted ? now : from;
  const std::shared_ptr<rows> records = (*codec)->decode(rest);
  if (!records || records->size() == 0 || from.left() > 0 || rest.left() > 0)
    return loaded(false);
  rows& ahead = s.reader->output().gathered();
  ahead.append(*records, 0, records->size(), true);
  if (s.followed.empty()) {
    read_times(s, ahead, 0);
    return {};
  }
  const std::size_t known = s.followed.size(); // a thread had read what comes behind these
  if (known > ahead.size() || !times_)
    return loaded(false);
  s.times.resize(ahead.size());
  times_->read(ahead, 0, s.times);
  follow(s, ahead, 0, known);
  return {};
}

// The state is that after all records that were read ahead of those emitted. Their watermarks are
// saved with it. Where the strategy had no state when it was saved, it begins anew.
result<void> source_stage::take_on_watermarks(split& s) {
  const auto found = std::ranges::find(saved_watermarks_, s.number, &saved_watermarks::number);
  if (found == saved_watermarks_.end() || !s.watermarks || !s.watermarks->has_state())
    return {};
  byte_cursor from(found->state);
  if (!s.watermarks->load(from) || from.left() > 0)
    return loaded(false);
  s.followed = found->followed;
  return {};
}

// What was promised holds: all that had been emitted stands before what the splits that go on
// bring. A split that is new joins as one does that others did not wait for.
void source_stage::join_saved() {
  event_time least = end_of_time;  // of those that go on
  event_time most = begin_of_time; // of all
  for (const auto& s : splits_)
    if (s->saved) {
      most = std::max(most, s->saved->reached);
      if (!s->done || !s->at_end())
        least = std::min(least, s->saved->reached);
    }
  last_.time = std::min(least, most);
  for (const auto& s : splits_)
    if (!s->saved && last_.time > begin_of_time)
      raise(*s, rejoins_at(*s));
}

} // namespace leat
