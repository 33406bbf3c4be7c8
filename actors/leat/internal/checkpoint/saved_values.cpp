#include <leat/internal/checkpoint/saved_values.hpp>

#include <leat/detail/record/plain_bytes.hpp>
#include <leat/json.hpp>

namespace leat {
namespace {

using detail::saved_kind;
using detail::saved_type;

template <class V>
bool append_scalar(std::string& to, byte_cursor& from) {
  V value{};
  if (!read_binary(from, value))
    return false;
  append_json(to, value);
  return true;
}

bool append_number(std::string& to, byte_cursor& from, std::string_view name) {
  using append = bool (*)(std::string&, byte_cursor&);
  static constexpr std::pair<std::string_view, append> all[] = {
      {"bool", append_scalar<bool>},
      {"i8", append_scalar<std::int8_t>},
      {"u8", append_scalar<std::uint8_t>},
      {"i16", append_scalar<std::int16_t>},
      {"u16", append_scalar<std::uint16_t>},
      {"i32", append_scalar<std::int32_t>},
      {"u32", append_scalar<std::uint32_t>},
      {"i64", append_scalar<std::int64_t>},
      {"u64", append_scalar<std::uint64_t>},
      {"f32", append_scalar<float>},
      {"f64", append_scalar<double>},
      {"time", append_scalar<event_time>},
      {"processing time", append_scalar<processing_time>}};
  for (const auto& [known, write] : all)
    if (known == name)
      return write(to, from);
  return false;
}

/// Elements in brackets, as `write` appends them.
template <class Write>
bool append_list(std::string& to, std::size_t count, Write write) {
  to += '[';
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0)
      to += ',';
    if (!write(i))
      return false;
  }
  to += ']';
  return true;
}

bool append_fields(std::string& to, byte_cursor& from, const saved_type& type) {
  char separator = '{';
  for (const saved_type& field : type.parts) {
    to += separator;
    separator = ',';
    append_json_text(to, field.field);
    to += ':';
    if (!append_saved_json(to, from, field))
      return false;
  }
  to += type.parts.empty() ? "{}" : "}";
  return true;
}

bool append_elements(std::string& to, byte_cursor& from, const saved_type& element,
                     std::size_t count) {
  return append_list(to, count, [&](std::size_t) {
    return from.left() > 0 && append_saved_json(to, from, element);
  });
}

} // namespace

bool append_saved_json(std::string& to, byte_cursor& from, const saved_type& type) {
  std::size_t count = 0;
  bool present = false;
  std::string_view bytes;
  switch (type.kind) {
  case saved_kind::scalar:
    return append_number(to, from, type.name);
  case saved_kind::text:
    return append_scalar<std::string>(to, from);
  case saved_kind::optional:
    if (!read_binary(from, present))
      return false;
    if (present)
      return append_saved_json(to, from, type.parts[0]);
    to += "null";
    return true;
  case saved_kind::vector:
    return from.take_length(count) && append_elements(to, from, type.parts[0], count);
  case saved_kind::array:
    return append_elements(to, from, type.parts[0], type.size);
  case saved_kind::tuple:
    return append_list(to, type.parts.size(),
                       [&](std::size_t i) { return append_saved_json(to, from, type.parts[i]); });
  case saved_kind::record:
    return append_fields(to, from, type);
  case saved_kind::foreign:
  case saved_kind::scored: // no state is of that type
    if (!take_value(from, type, bytes))
      return false;
    append_json_text(to, std::to_string(bytes.size()) + " bytes");
    return true;
  }
  return false;
}

bool append_saved_key(std::string& to, byte_cursor& from, const saved_type& type) {
  if (type.kind == saved_kind::scalar)
    return append_number(to, from, type.name);
  if (type.kind == saved_kind::tuple)
    return append_list(to, type.parts.size(),
                       [&](std::size_t i) { return append_saved_key(to, from, type.parts[i]); });
  std::uint64_t size = 0;
  const std::byte* bytes = nullptr;
  if (type.kind != saved_kind::text || !get_plain(from, size) || !from.take(size, bytes))
    return false;
  append_json_text(to, {reinterpret_cast<const char*>(bytes), size});
  return true;
}

bool append_saved_state(std::string& to, byte_cursor& from, const detail::saved_state_type& type) {
  if (type.kind == "value" || type.kind == "aggregating")
    return append_saved_json(to, from, type.value);
  std::size_t count = 0;
  if (!from.take_length(count))
    return false;
  return append_list(to, count, [&](std::size_t) {
    if (from.left() == 0)
      return false;
    if (!type.key)
      return append_saved_json(to, from, type.value);
    to += '[';
    if (!append_saved_key(to, from, *type.key))
      return false;
    to += ',';
    if (!append_saved_json(to, from, type.value))
      return false;
    to += ']';
    return true;
  });
}

} // namespace leat
