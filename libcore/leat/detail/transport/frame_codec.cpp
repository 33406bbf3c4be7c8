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

// --- envelopes: each column as a run, or value by value ---------------------------------------

void put_columns(std::string& to, const envelope_columns& envelopes) {
  envelopes.each_column(envelopes.carried(), [&](const auto& column) {
    put_plain(to, column.is_run());
    const std::size_t values = column.is_run() ? 1 : column.size();
    for (std::size_t i = 0; i < values; ++i)
      put_plain(to, column[i]);
  });
}

// Value by value a column takes up bytes, so a size that the bytes cannot fill is refused here.
template <class Column>
bool get_column(byte_cursor& from, std::size_t size, Column& column) {
  using value = typename Column::value_type;
  bool is_run = false;
  if (!get_flag(from, is_run))
    return false;
  const std::size_t count = is_run ? 1 : size;
  const std::byte* bytes = nullptr;
  if (!from.take(count * sizeof(value), bytes))
    return false;
  std::vector<value> values(count);
  if (count > 0) // memcpy wants real pointers even for nothing
    std::memcpy(values.data(), bytes, count * sizeof(value));
  column = is_run ? Column(values.front(), size) : Column(std::move(values));
  return true;
}

bool get_columns(byte_cursor& from, std::size_t size, const carried_columns& carried,
                 envelope_columns& envelopes) {
  bool good = true;
  envelopes.each_column(carried,
                        [&](auto& column) { good = good && get_column(from, size, column); });
  return good;
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
  return carried.stamps >= carried.event_times &&
         get_columns(from, f.size(), carried, f.records->envelopes) &&
         (!(parts & has_panes) || get_panes(from, f.size(), f.panes));
}

// What a frame of these records costs is known, but for what its bytes took in memory there.
bool pays_for(const frame& f) {
  constexpr std::int64_t most_bytes = std::int64_t{1} << 40;
  const auto records = static_cast<std::int64_t>(f.size());
  return f.paid.frames == (records > 0 ? 1 : 0) && f.paid.records == records && f.paid.bytes >= 0 &&
         f.paid.bytes <= most_bytes;
}

bool get_frame(byte_cursor& from, const row_codec& codec, frame& f) {
  std::uint8_t parts = 0;
  if (!get_plain(from, parts) || !get_plain(from, f.paid.frames) ||
      !get_plain(from, f.paid.records) || !get_plain(from, f.paid.bytes))
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
  put_plain(to, parts);
  put_plain(to, f.paid.frames), put_plain(to, f.paid.records), put_plain(to, f.paid.bytes);
  if (f.records) {
    codec.encode(*f.records, to);
    put_ingest(to, f.records->envelopes.ingest());
    put_columns(to, f.records->envelopes);
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
