// Frames as bytes, for edges that lead into another process. One block per frame: a head, then the
// records as the binary codec writes them.
#pragma once

#include <leat/detail/record/codec.hpp>
#include <leat/detail/record/conversion.hpp>
#include <leat/detail/transport/frame.hpp>
#include <leat/detail/transport/row_codec.hpp>

namespace leat {

/// The most bytes that a frame may take on its way to another process: the network counts the bytes
/// of a message with 32 bits, and cuts off what is beyond without a word.
inline constexpr std::size_t most_frame_bytes = std::size_t{1} << 30;

/// Appends a frame. `paid` goes with it: what its bytes take in memory there may differ. Throws
/// leat::failure if it takes more than `most` bytes.
void encode_frame(const frame& f, const row_codec& codec, std::string& to,
                  std::size_t most = most_frame_bytes);

/// Reads what encode_frame wrote. The error says what differs; nothing is trusted.
result<frame> decode_frame(std::string_view bytes, const row_codec& codec);

/// The type of a codec's rows in text, to be saved with them.
std::string row_type(const row_codec& codec);
/// How rows of the type that was saved become those of the codec; nothing if it is the same.
result<std::optional<detail::conversion>> conversion_of_rows(std::string_view saved,
                                                             const row_codec& codec);
/// What a codec's encode() wrote, as of its own type now. Nothing if these are no such bytes.
std::optional<std::string> convert_rows(byte_cursor& from, const detail::conversion& how);
/// As decode_frame, of a frame that was saved.
result<frame> decode_saved_frame(std::string_view bytes, const row_codec& codec,
                                 const std::optional<detail::conversion>& how);

/// Appends a barrier, and reads it. Empty if these are no such bytes.
void encode_barrier(const barrier& b, std::string& to);
std::shared_ptr<const barrier> decode_barrier(byte_cursor& from);

// A row is a record, or a score on a row: score, model, then the row. A model's identity is written
// where it changes; `last` holds the last one of each level.

template <class T>
inline constexpr std::size_t scores_on = 0;
template <class F, class S>
inline constexpr std::size_t scores_on<scored<F, S>> = 1 + scores_on<F>;

/// Whether rows of T can leave the process.
template <class T>
constexpr bool can_travel() {
  if constexpr (is_scored<T>) {
    using score = decltype(T::score);
    return can_travel<decltype(T::record)>() && (scalar<score> || is_array<score> || record<score>);
  } else {
    return any_record<T>;
  }
}

template <class T>
std::uint64_t row_fingerprint() {
  if constexpr (is_scored<T>)
    return row_fingerprint<decltype(T::record)>() * 31 + fingerprint_of<decltype(T::score)>();
  else
    return fingerprint_of<T>();
}

void write_model(std::string& to, model_ref model);
bool read_model(byte_cursor& from, model_ref& model);

template <class T>
void write_row(std::string& to, const T& row, model_ref* last) {
  if constexpr (is_scored<T>) {
    const bool changes = row.model != *last;
    byte_writer out = grow_buffer(to, 1 + binary_size(row.score));
    out.put_byte(changes ? 1 : 0);
    write_binary(out, row.score);
    if (changes)
      write_model(to, *last = row.model);
    write_row(to, row.record, last + 1);
  } else {
    append_binary(to, row);
  }
}

template <class T>
bool read_row(byte_cursor& from, T& row, model_ref* last) {
  if constexpr (is_scored<T>) {
    bool changes = false;
    if (!read_binary_value(from, changes) || !read_binary_value(from, row.score) ||
        (changes && !read_model(from, *last)))
      return false;
    row.model = *last;
    return read_row(from, row.record, last + 1);
  } else {
    return read_binary(from, row);
  }
}

template <class T>
class codec_of final : public row_codec {
public:
  std::uint64_t fingerprint() const override { return row_fingerprint<T>(); }
  const detail::type_history& history() const override { return detail::history_of<T>(); }

  void encode(const rows& from, std::string& to) const override {
    const std::span<const T> records = from.as<T>();
    if constexpr (!is_scored<T>)
      return encode_records(records, to);
    grow_buffer(to, binary_length_size(records.size())).put_length(records.size());
    std::array<model_ref, scores_on<T> + 1> last;
    for (const T& row : records)
      write_row(to, row, last.data());
  }

  std::shared_ptr<rows> decode(byte_cursor& from) const override {
    std::size_t count = 0;
    if (!from.take_length(count) || count > from.left() / least_size())
      return nullptr;
    std::shared_ptr<rows> to = make_rows(record_type_of<T>);
    T* const first = to->extend<T>(count);
    if constexpr (is_block()) {
      const std::byte* bytes = nullptr;
      if (from.take(count * sizeof(T), bytes) && count > 0)
        std::memcpy(first, bytes, count * sizeof(T));
    } else {
      std::array<model_ref, scores_on<T> + 1> last;
      for (T* row = first; row != first + count; ++row)
        if (!read_row(from, *row, last.data()))
          return nullptr;
    }
    return to;
  }

private:
  /// Whether the bytes of all records are one block.
  static constexpr bool is_block() {
    if constexpr (record<T>)
      return is_packed<T>();
    return false;
  }
  /// The fewest bytes of a record.
  static constexpr std::size_t least_size() {
    if constexpr (record<T>) {
      static_assert(least_binary_size<T>() > 0,
                    "records must take up bytes: declare at least one field");
      return least_binary_size<T>();
    }
    return 1;
  }
};

/// The codec of an edge that carries T; null if T cannot leave the process.
template <class T>
const row_codec* row_codec_of() {
  if constexpr (can_travel<T>()) {
    static const codec_of<T> codec;
    return &codec;
  } else {
    return nullptr;
  }
}

} // namespace leat
