#include <leat/detail/transport/frame_codec.hpp>

#include <leat/detail/record/plain_bytes.hpp>
#include <leat/detail/transport/raw_text.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

enum part : std::uint8_t {
  has_records = 1,
  has_stamps = 2,
  has_panes = 4,
  panes_of_one = 8,
  has_barrier = 16,
  is_last = 32,
  has_event_times = 64,
};

void put_text(std::string& to, std::string_view text) {
  grow_buffer(to, binary_length_size(text.size())).put_length(text.size());
  to += text;
}

bool get_text(byte_cursor& from, std::string& text) { return read_binary_value(from, text); }

bool get_flag(byte_cursor& from, bool& flag) { return read_binary_value(from, flag); }

// --- envelopes, part by part: as a run if it repeats or counts up, or else value by value ------

// By wrap-around: times may lie anywhere between the begin and the end.
std::uint64_t distance(event_time from, event_time to) {
  return static_cast<std::uint64_t>(to.time_since_epoch().count()) -
         static_cast<std::uint64_t>(from.time_since_epoch().count());
}
event_time before(event_time t, std::uint64_t distance) {
  return from_micros(static_cast<std::int64_t>(
      static_cast<std::uint64_t>(t.time_since_epoch().count()) - distance));
}

// Calls `visit(get, set, step)` for each part in the order in which they are written. In a run each
// value is the one before plus the step.
template <class Visit>
void each_part(const carried_columns& carried, Visit visit) {
  const auto of_stamp = [&](auto member, auto step) {
    visit(
        [member](const envelope_columns& from, std::size_t i) { return from.stamp_of(i).*member; },
        [member](envelope& e, const auto& value) { e.at.*member = value; }, step);
  };
  const auto repeats = [](const auto& value) { return value; };
  if (carried.stamps) {
    of_stamp(&stamp::time, repeats);
    of_stamp(&stamp::source, repeats);
    of_stamp(&stamp::split, repeats);
    of_stamp(&stamp::position, [](std::uint64_t position) { return position + 1; });
    of_stamp(&stamp::path, repeats);
  }
  if (carried.event_times) {
    visit( // 0 wherever records come in order
        [](const envelope_columns& from, std::size_t i) {
          return distance(from.time_of(i), from.stamp_of(i).time);
        },
        [](envelope& e, std::uint64_t behind) { e.time = before(e.at.time, behind); }, repeats);
    visit([](const envelope_columns& from, std::size_t i) { return from.late(i); },
          [](envelope& e, bool late) { e.late = late; }, repeats);
  }
}

void put_columns(std::string& to, const envelope_columns& envelopes, std::size_t size) {
  each_part(envelopes.carried(), [&](auto get, auto, auto step) {
    std::size_t run = 1;
    for (auto value = get(envelopes, 0); run < size; ++run)
      if (value = step(value); get(envelopes, run) != value)
        break;
    put_plain(to, run == size);
    for (std::size_t i = 0; i < (run == size ? 1 : size); ++i)
      put_plain(to, get(envelopes, i));
  });
}

bool get_value(byte_cursor& from, bool& value) { return get_flag(from, value); }
template <class V>
bool get_value(byte_cursor& from, V& value) {
  return get_plain(from, value);
}

bool get_columns(byte_cursor& from, const carried_columns& carried, rows& to) {
  std::vector<envelope> all(carried.stamps ? to.size() : 0);
  bool good = true;
  each_part(carried, [&](auto get, auto set, auto step) {
    decltype(get(to.envelopes, 0)) value{};
    bool is_run = false;
    good = good && get_flag(from, is_run);
    for (std::size_t i = 0; good && i < all.size(); ++i) {
      if (!is_run || i == 0)
        good = get_value(from, value);
      else
        value = step(value);
      set(all[i], value);
    }
  });
  if (!good)
    return false;
  to.envelopes.reserve(all.size(), carried);
  for (const envelope& e : all)
    to.envelopes.add_columns(e, carried);
  return true;
}

// --- what else rides with records -------------------------------------------------------------

void put_ingest(std::string& to, const ingest_times& times) {
  put_plain(to, static_cast<std::uint32_t>(times.size()));
  for (std::size_t i = 0; i < times.size(); ++i)
    put_plain(to, times[i].begin), put_plain(to, times[i].time);
}

bool get_ingest(byte_cursor& from, std::size_t records, envelope_columns& envelopes) {
  std::uint32_t count = 0;
  if (!get_plain(from, count) || count > records)
    return false;
  std::uint32_t last = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t begin = 0;
    clock_time time = 0;
    if (!get_plain(from, begin) || !get_plain(from, time) || begin >= records ||
        (i > 0 && begin <= last))
      return false;
    envelopes.note_ingest(last = begin, time);
  }
  return true;
}

void put_panes(std::string& to, const pane_ends& panes) {
  put_plain(to, static_cast<std::uint32_t>(panes.ends.size()));
  for (const std::uint32_t end : panes.ends)
    put_plain(to, end);
}

bool get_panes(byte_cursor& from, std::size_t records, pane_ends& panes) {
  std::uint32_t count = 0;
  if (!get_plain(from, count) || count > records)
    return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t end = 0;
    if (!get_plain(from, end) || end > records || (i > 0 && end <= panes.ends.back()))
      return false;
    panes.ends.push_back(end);
  }
  return true;
}

void put_command(std::string& to, const command& c) {
  put_text(to, c.stage), put_text(to, c.verb), put_text(to, c.payload);
}

bool get_command(byte_cursor& from, command& c) {
  return get_text(from, c.stage) && get_text(from, c.verb) && get_text(from, c.payload);
}

bool get_rows(byte_cursor& from, std::uint8_t parts, const row_codec& codec, frame& f) {
  f.records = codec.decode(from);
  if (!f.records || !get_ingest(from, f.size(), f.records->envelopes))
    return false;
  f.panes.ones = parts & panes_of_one;
  const carried_columns carried{(parts & has_stamps) != 0, (parts & has_event_times) != 0};
  return carried.stamps >= carried.event_times && get_columns(from, carried, *f.records) &&
         (!(parts & has_panes) || get_panes(from, f.size(), f.panes));
}

// What a frame of these records costs is known, but for what its bytes took in memory there.
bool pays_for(const frame& f) {
  constexpr std::int64_t most_bytes = std::int64_t{1} << 40;
  const auto records = static_cast<std::int64_t>(f.size());
  return f.paid.frames == (records > 0 ? 1 : 0) && f.paid.records == records && f.paid.bytes >= 0 &&
         f.paid.bytes <= most_bytes;
}

void put_head(std::string& to, std::uint8_t parts, const credit& paid) {
  put_plain(to, parts);
  put_plain(to, paid.frames), put_plain(to, paid.records), put_plain(to, paid.bytes);
}

bool get_head(byte_cursor& from, std::uint8_t& parts, credit& paid) {
  return get_plain(from, parts) && get_plain(from, paid.frames) && get_plain(from, paid.records) &&
         get_plain(from, paid.bytes);
}

bool get_frame(byte_cursor& from, const row_codec& codec, frame& f) {
  std::uint8_t parts = 0;
  if (!get_head(from, parts, f.paid))
    return false;
  if ((parts & has_records) && !get_rows(from, parts, codec, f))
    return false;
  if ((parts & has_barrier) && !(f.barrier_at = decode_barrier(from)))
    return false;
  f.last = parts & is_last;
  if (f.last && !get_plain(from, f.ended_at))
    return false;
  return from.left() == 0 && pays_for(f);
}

// Frames are cut by their bytes as they fill, so it is one huge record, or such a one is the last.
failure too_large(const frame& f, std::size_t bytes, std::size_t most) {
  std::string what = fmt::format("{} records take", f.size());
  if (f.size() == 1)
    what = f.records->envelopes.stamped()
               ? fmt::format("the record at {} takes", raw_place(f.records->envelopes.stamp_of(0)))
               : "a record takes";
  return failure(user_error(fmt::format("{} {} bytes, which exceeds the maximum of {} bytes that a "
                                        "frame may carry to another process",
                                        what, bytes, most),
                            "split the record, or run without workers"));
}

} // namespace

void write_model(std::string& to, model_ref model) {
  put_text(to, model ? model->id : "");
  put_text(to, model ? model->sha256 : "");
}

bool read_model(byte_cursor& from, model_ref& model) {
  model_identity m;
  if (!get_text(from, m.id) || !get_text(from, m.sha256))
    return false;
  model = m.id.empty() && m.sha256.empty() ? model_ref{} : model_ref::intern(std::move(m));
  return true;
}

void encode_barrier(const barrier& b, std::string& to) {
  put_plain(to, b.epoch);
  put_plain(to, static_cast<std::uint32_t>(b.commands.size()));
  for (const command& c : b.commands)
    put_command(to, c);
}

std::shared_ptr<const barrier> decode_barrier(byte_cursor& from) {
  auto b = std::make_shared<barrier>();
  std::uint32_t count = 0;
  if (!get_plain(from, b->epoch) || !get_plain(from, count))
    return nullptr;
  for (; count > 0; --count)
    if (!get_command(from, b->commands.emplace_back()))
      return nullptr;
  return b;
}

void encode_frame(const frame& f, const row_codec& codec, std::string& to, std::size_t most) {
  const std::size_t begin = to.size();
  std::uint8_t parts = 0;
  if (f.records)
    parts |= has_records;
  if (f.records && f.records->envelopes.carried().stamps)
    parts |= has_stamps;
  if (f.records && f.records->envelopes.carried().event_times)
    parts |= has_event_times;
  if (f.panes.ones)
    parts |= panes_of_one;
  if (!f.panes.ends.empty())
    parts |= has_panes;
  if (f.barrier_at)
    parts |= has_barrier;
  if (f.last)
    parts |= is_last;
  // What follows the records must not make the buffer grow, which would copy them once more. What
  // was paid is what they take, unless they came from somebody who lies.
  static constexpr std::int64_t most_reserved = 1 << 20;
  to.reserve(to.size() + static_cast<std::size_t>(std::min(f.paid.bytes, most_reserved)) + 256);
  put_plain(to, codec.fingerprint());
  put_head(to, parts, f.paid);
  if (f.records) {
    codec.encode(*f.records, to);
    put_ingest(to, f.records->envelopes.ingest());
    put_columns(to, f.records->envelopes, f.size());
    if (parts & has_panes)
      put_panes(to, f.panes);
  }
  if (f.barrier_at)
    encode_barrier(*f.barrier_at, to);
  if (f.last)
    put_plain(to, f.ended_at);
  if (to.size() - begin > most)
    throw too_large(f, to.size() - begin, most);
}

std::string row_type(const row_codec& codec) { return codec.history().text(); }

result<std::optional<detail::conversion>> conversion_of_rows(std::string_view saved,
                                                             const row_codec& codec) {
  if (saved == row_type(codec))
    return std::optional<detail::conversion>{};
  const auto type = detail::parse_type(saved);
  if (!type)
    return external_error(fmt::format("the saved type \"{}\" cannot be read", saved));
  auto how = detail::conversion::between(*type, codec.history());
  if (!how)
    return how.error();
  return std::optional(std::move(*how));
}

std::optional<std::string> convert_rows(byte_cursor& from, const detail::conversion& how) {
  std::string to;
  std::size_t count = 0;
  if (!from.take_length(count))
    return std::nullopt;
  grow_buffer(to, binary_length_size(count)).put_length(count);
  for (; count > 0; --count)
    if (from.left() == 0 || !how.convert(from, to))
      return std::nullopt;
  return to;
}

result<frame> decode_saved_frame(std::string_view bytes, const row_codec& codec,
                                 const std::optional<detail::conversion>& how) {
  if (!how)
    return decode_frame(bytes, codec);
  byte_cursor from(bytes);
  std::uint64_t fingerprint = 0;
  std::uint8_t parts = 0;
  credit paid;
  if (!get_plain(from, fingerprint) || !get_head(from, parts, paid))
    return internal_error("a frame of less than its head");
  std::string now;
  put_plain(now, codec.fingerprint());
  put_head(now, parts, paid);
  if (parts & has_records) {
    const auto rows = convert_rows(from, *how);
    if (!rows)
      return internal_error("corrupt bytes of a frame");
    now += *rows;
  }
  now += bytes.substr(bytes.size() - from.left());
  return decode_frame(now, codec);
}

result<frame> decode_frame(std::string_view bytes, const row_codec& codec) {
  byte_cursor from(bytes);
  std::uint64_t fingerprint = 0;
  if (!get_plain(from, fingerprint))
    return internal_error("a frame of less than its head");
  if (fingerprint != codec.fingerprint())
    return internal_error(
        fmt::format("a frame of another record type: fingerprint {:016x} instead of {:016x}",
                    fingerprint, codec.fingerprint()));
  frame f;
  if (!get_frame(from, codec, f))
    return internal_error("corrupt bytes of a frame");
  return f;
}

} // namespace leat
