// Records as bytes, for frames between nodes and for saved state. Little-endian, fields in the
// order of their declaration, nothing in between:
//
//   bool                 one byte, 0 or 1
//   integers, floats     as in memory; an enum as its integer; times as int64
//   std::string          length, bytes
//   std::optional        one byte, 0 or 1, then the value if 1
//   std::vector          length, elements        std::array, record   elements, fields
//   std::pair, tuple     their parts
//
// A length is an unsigned LEB128 number: seven bits a byte, lowest first, the top bit on all but
// the last. The bytes say nothing about their type: compare fingerprints first.
#pragma once

#include <leat/scalar_text.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace leat {

static_assert(std::endian::native == std::endian::little,
              "leat's binary codec copies memory and needs a little-endian machine");

/// Where bytes are appended.
template <class B>
concept byte_buffer = one_of<B, std::string, std::vector<std::byte>>;

/// A place in bytes that came from elsewhere. Every step is checked against the end.
class byte_cursor {
public:
  explicit byte_cursor(std::span<const std::byte> bytes) : rest_(bytes) {}
  explicit byte_cursor(std::string_view bytes) : rest_(std::as_bytes(std::span{bytes})) {}

  std::size_t left() const { return rest_.size(); }

  /// Takes the next bytes, or answers false and takes none.
  bool take(std::size_t size, const std::byte*& bytes) {
    if (size > rest_.size())
      return false;
    bytes = rest_.data();
    rest_ = rest_.subspan(size);
    return true;
  }

  /// Takes a length in its only form: no superfluous bytes, no more than 64 bits.
  bool take_length(std::size_t& length) {
    length = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::byte* next = nullptr;
      if (!take(1, next))
        return false;
      const auto byte = std::to_integer<std::uint8_t>(*next);
      const std::uint64_t bits = byte & 0x7F;
      if (bits << shift >> shift != bits || (byte == 0 && shift > 0))
        return false;
      length |= bits << shift;
      if (byte < 0x80)
        return true;
    }
    return false;
  }

private:
  std::span<const std::byte> rest_;
};

// --- sizes and layout -------------------------------------------------------------------------

/// What the codec below writes, as far as its parts are such types too. A pair or tuple has a place
/// in state, but not in the text formats.
template <class V>
concept encodable = is_field_type<V> || is_tuple<V>;

/// As require_field_type, for what may be in saved state.
template <class V>
consteval bool require_encodable() {
  if constexpr (is_tuple<V>)
    return true;
  else
    return require_field_type<V>();
}

/// The fewest bytes a value of V takes.
template <class V>
constexpr std::size_t least_binary_size() {
  if constexpr (one_of<V, std::string> || is_optional<V> || is_vector<V>)
    return 1;
  else if constexpr (is_array<V>)
    return std::tuple_size_v<V> * least_binary_size<typename V::value_type>();
  else if constexpr (is_tuple<V>)
    return with_parts<V>(
        []<class... Part>() { return (std::size_t{0} + ... + least_binary_size<Part>()); });
  else if constexpr (record<V>)
    return with_fields<V>([]<class... F>(const F&...) {
      return (std::size_t{0} + ... + least_binary_size<typename F::value_type>());
    });
  else
    return sizeof(V);
}

/// Whether all values of V take the same number of bytes.
template <class V>
constexpr bool has_fixed_binary_size() {
  if constexpr (is_array<V>)
    return has_fixed_binary_size<typename V::value_type>();
  else if constexpr (is_tuple<V>)
    return with_parts<V>([]<class... Part>() { return (has_fixed_binary_size<Part>() && ...); });
  else if constexpr (record<V>)
    return with_fields<V>([]<class... F>(const F&...) {
      return (has_fixed_binary_size<typename F::value_type>() && ...);
    });
  else
    return !one_of<V, std::string> && !is_optional<V> && !is_vector<V>;
}

template <record T>
constexpr bool addresses_ascend() {
  constexpr T probe{};
  bool ascend = true;
  const void* last = nullptr;
  for_each_field<T>([&](const auto& f) {
    const void* here = &(probe.*f.member);
    ascend = ascend && (last == nullptr || last < here);
    last = here;
  });
  return ascend;
}

/// Whether the fields of T lie in memory in the order of their declaration. False when that cannot
/// be told at compile time: some compilers do not compare such addresses there.
template <record T>
constexpr bool fields_ascend() {
  if constexpr (requires { typename std::bool_constant<(T{}, true)>; })
    if constexpr (requires { typename std::bool_constant<addresses_ascend<T>()>; })
      return addresses_ascend<T>();
  return false;
}

/// Whether the bytes of a V in memory are its encoding. Not so for bool: hostile bytes would make
/// one that is neither true nor false.
template <class V>
constexpr bool is_packed() {
  if constexpr (scalar<V>)
    return !one_of<V, bool, std::string>;
  else if constexpr (!std::is_trivially_copyable_v<V> || !has_fixed_binary_size<V>() ||
                     least_binary_size<V>() != sizeof(V))
    return false;
  else if constexpr (is_array<V>)
    return is_packed<typename V::value_type>();
  else if constexpr (record<V>)
    return fields_ascend<V>() && with_fields<V>([]<class... F>(const F&...) {
             return (is_packed<typename F::value_type>() && ...);
           });
  else
    return false;
}

/// Whether arrays of T are encoded by one memcpy: trivially copyable, the sizes of the fields sum
/// to sizeof(T), they lie in memory in declared order, and none holds a bool.
template <record T>
inline constexpr bool is_packed_record = is_packed<T>();

// --- writing ----------------------------------------------------------------------------------

constexpr std::size_t binary_length_size(std::size_t length) {
  return (static_cast<std::size_t>(std::bit_width(length | 1)) + 6) / 7;
}

template <class V>
std::size_t binary_size(const V& value);

/// The bytes of the elements of a list.
template <class V, class List>
std::size_t binary_list_size(const List& list) {
  if constexpr (has_fixed_binary_size<V>())
    return list.size() * least_binary_size<V>();
  std::size_t size = 0;
  for (const V& value : list)
    size += binary_size(value);
  return size;
}

/// The bytes that write_binary writes for this value.
template <class V>
std::size_t binary_size(const V& value) {
  if constexpr (has_fixed_binary_size<V>())
    return least_binary_size<V>();
  else if constexpr (one_of<V, std::string>)
    return binary_length_size(value.size()) + value.size();
  else if constexpr (is_optional<V>)
    return 1 + (value ? binary_size(*value) : 0);
  else if constexpr (is_vector<V>)
    return binary_length_size(value.size()) + binary_list_size<typename V::value_type>(value);
  else if constexpr (is_array<V>)
    return binary_list_size<typename V::value_type>(value);
  else if constexpr (is_tuple<V>)
    return std::apply(
        [](const auto&... part) { return (std::size_t{0} + ... + binary_size(part)); }, value);
  else
    return with_fields<V>(
        [&](const auto&... f) { return (std::size_t{0} + ... + binary_size(value.*f.member)); });
}

/// Writes bytes into memory that was measured before.
class byte_writer {
public:
  explicit byte_writer(void* to) : to_(static_cast<std::byte*>(to)) {}

  void put(const void* from, std::size_t size) {
    if (size != 0)
      std::memcpy(to_, from, size);
    to_ += size;
  }

  void put_length(std::size_t length) {
    for (; length > 0x7F; length >>= 7)
      put_byte(static_cast<std::uint8_t>(length | 0x80));
    put_byte(static_cast<std::uint8_t>(length));
  }

  void put_byte(std::uint8_t byte) { *to_++ = std::byte{byte}; }

private:
  std::byte* to_;
};

template <class V>
void write_binary(byte_writer& out, const V& value);

/// Writes elements, as one block where their memory is their encoding.
template <class V, class List>
void write_binary_list(byte_writer& out, const List& list) {
  if constexpr (is_packed<V>())
    out.put(list.data(), list.size() * sizeof(V));
  else
    for (const V& value : list)
      write_binary(out, value);
}

template <class V>
void write_binary(byte_writer& out, const V& value) {
  if constexpr (!require_encodable<V>()) {
    return;
  } else if constexpr (is_packed<V>()) {
    out.put(&value, sizeof value);
  } else if constexpr (one_of<V, bool>) {
    out.put_byte(value ? 1 : 0);
  } else if constexpr (one_of<V, std::string>) {
    out.put_length(value.size());
    out.put(value.data(), value.size());
  } else if constexpr (is_optional<V>) {
    out.put_byte(value ? 1 : 0);
    if (value)
      write_binary(out, *value);
  } else if constexpr (is_vector<V>) {
    out.put_length(value.size());
    write_binary_list<typename V::value_type>(out, value);
  } else if constexpr (is_array<V>) {
    write_binary_list<typename V::value_type>(out, value);
  } else if constexpr (is_tuple<V>) {
    std::apply([&](const auto&... part) { (write_binary(out, part), ...); }, value);
  } else {
    for_each_field<V>([&](const auto& f) { write_binary(out, value.*f.member); });
  }
}

/// Makes room for `size` more bytes and returns where they begin.
template <byte_buffer Buffer>
byte_writer grow_buffer(Buffer& buffer, std::size_t size) {
  const std::size_t before = buffer.size();
  buffer.resize(before + size);
  return byte_writer{buffer.data() + before};
}

/// Appends memory as it is, without filling the room with zeros first. Not inlined, because g++ 12
/// would then copy by `rep movs`: several times slower where the target is not aligned.
template <byte_buffer Buffer>
[[gnu::noinline]] void append_block(Buffer& buffer, const void* from, std::size_t size) {
  const auto* bytes = static_cast<const typename Buffer::value_type*>(from);
  buffer.insert(buffer.end(), bytes, bytes + size);
}

/// Appends one value.
template <byte_buffer Buffer, encodable T>
void append_binary(Buffer& buffer, const T& value) {
  require_finite<T>();
  byte_writer out = grow_buffer(buffer, binary_size(value));
  write_binary(out, value);
}

/// Appends many values: their number, then each. One memcpy if is_packed<T>().
template <byte_buffer Buffer, encodable T>
void encode_records(std::span<const T> records, Buffer& buffer) {
  require_finite<T>();
  const std::size_t length_size = binary_length_size(records.size());
  if constexpr (is_packed<T>()) {
    grow_buffer(buffer, length_size).put_length(records.size());
    append_block(buffer, records.data(), records.size_bytes());
  } else {
    byte_writer out = grow_buffer(buffer, length_size + binary_list_size<T>(records));
    out.put_length(records.size());
    write_binary_list<T>(out, records);
  }
}

// --- reading ----------------------------------------------------------------------------------

/// Reads a value of fixed size from bytes that are known to be there.
template <class V>
bool read_fixed_binary(const std::byte*& from, V& out) {
  if constexpr (!require_encodable<V>()) {
    return false;
  } else if constexpr (is_packed<V>()) {
    std::memcpy(&out, from, sizeof out);
    from += sizeof out;
    return true;
  } else if constexpr (one_of<V, bool>) {
    const auto byte = std::to_integer<std::uint8_t>(*from++);
    out = byte == 1;
    return byte <= 1;
  } else if constexpr (is_array<V>) {
    return std::all_of(out.begin(), out.end(), [&](auto& e) { return read_fixed_binary(from, e); });
  } else if constexpr (is_tuple<V>) {
    return std::apply([&](auto&... part) { return (read_fixed_binary(from, part) && ...); }, out);
  } else {
    return with_fields<V>(
        [&](const auto&... f) { return (read_fixed_binary(from, out.*f.member) && ...); });
  }
}

template <class V>
bool read_binary_value(byte_cursor& in, V& out);

/// Reads a length and as many elements. A length that the bytes left cannot fill is refused before
/// any memory is asked for.
template <class V, class Allocator>
bool read_binary_vector(byte_cursor& in, std::vector<V, Allocator>& out) {
  static_assert(least_binary_size<V>() > 0, "the elements of a std::vector must take up bytes: "
                                            "declare at least one field");
  std::size_t count = 0;
  if (!in.take_length(count) || count > in.left() / least_binary_size<V>())
    return false;
  const std::byte* bytes = nullptr;
  if constexpr (is_packed<V>()) {
    out.resize(count);
    in.take(count * sizeof(V), bytes);
    if (count != 0) // memcpy wants real pointers even for nothing
      std::memcpy(out.data(), bytes, count * sizeof(V));
    return true;
  } else if constexpr (one_of<V, bool>) { // a std::vector<bool> has no elements to refer to
    out.clear();
    out.reserve(count);
    for (bool value = false; out.size() < count; out.push_back(value))
      if (!read_binary_value(in, value))
        return false;
    return true;
  } else if constexpr (has_fixed_binary_size<V>()) {
    out.resize(count);
    in.take(count * least_binary_size<V>(), bytes);
    return std::all_of(out.begin(), out.end(), [&](V& e) { return read_fixed_binary(bytes, e); });
  } else {
    out.resize(count);
    return std::all_of(out.begin(), out.end(), [&](V& e) { return read_binary_value(in, e); });
  }
}

template <class V>
bool read_binary_value(byte_cursor& in, V& out) {
  const std::byte* bytes = nullptr;
  if constexpr (!require_encodable<V>()) {
    return false;
  } else if constexpr (has_fixed_binary_size<V>()) {
    return in.take(least_binary_size<V>(), bytes) && read_fixed_binary(bytes, out);
  } else if constexpr (one_of<V, std::string>) {
    std::size_t size = 0;
    if (!in.take_length(size) || !in.take(size, bytes))
      return false;
    out.assign(reinterpret_cast<const char*>(bytes), size);
    return true;
  } else if constexpr (is_optional<V>) {
    bool present = false;
    if (!read_binary_value(in, present))
      return false;
    if (!present) {
      out.reset();
      return true;
    }
    return read_binary_value(in, out ? *out : out.emplace());
  } else if constexpr (is_vector<V>) {
    return read_binary_vector(in, out);
  } else if constexpr (is_array<V>) {
    return std::all_of(out.begin(), out.end(), [&](auto& e) { return read_binary_value(in, e); });
  } else if constexpr (is_tuple<V>) {
    return std::apply([&](auto&... part) { return (read_binary_value(in, part) && ...); }, out);
  } else {
    return with_fields<V>(
        [&](const auto&... f) { return (read_binary_value(in, out.*f.member) && ...); });
  }
}

/// Reads one value. Answers false when the bytes end early or are none that append_binary writes;
/// then `out` may be half-filled. Trailing bytes are left in the cursor. Takes no more memory than
/// a fixed multiple of the bytes that are there.
template <encodable T>
bool read_binary(byte_cursor& in, T& out) {
  require_finite<T>();
  return read_binary_value(in, out);
}

/// Reads what encode_records wrote, replacing `out`.
template <encodable T, class Allocator>
bool decode_records(byte_cursor& in, std::vector<T, Allocator>& out) {
  require_finite<T>();
  return read_binary_vector(in, out);
}

// --- records that others declare: a length, and their own bytes --------------------------------

template <byte_buffer Buffer, foreign T>
void append_binary(Buffer& buffer, const T& value) {
  std::string bytes;
  foreign_record<T>::append_bytes(bytes, value);
  grow_buffer(buffer, binary_length_size(bytes.size())).put_length(bytes.size());
  append_block(buffer, bytes.data(), bytes.size());
}

template <byte_buffer Buffer, foreign T>
void encode_records(std::span<const T> records, Buffer& buffer) {
  grow_buffer(buffer, binary_length_size(records.size())).put_length(records.size());
  for (const T& value : records)
    append_binary(buffer, value);
}

template <foreign T>
bool read_binary(byte_cursor& in, T& out) {
  std::size_t size = 0;
  const std::byte* bytes = nullptr;
  return in.take_length(size) && in.take(size, bytes) &&
         foreign_record<T>::read_bytes({bytes, size}, out);
}

template <foreign T, class Allocator>
bool decode_records(byte_cursor& in, std::vector<T, Allocator>& out) {
  out.clear();
  std::size_t count = 0;
  if (!in.take_length(count) || count > in.left())
    return false;
  for (; count > 0; --count)
    if (!read_binary(in, out.emplace_back()))
      return false;
  return true;
}

} // namespace leat
