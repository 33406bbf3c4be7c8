#include <leat/detail/record/saved_type.hpp>

#include <leat/detail/record/fingerprint.hpp>
#include <leat/detail/record/plain_bytes.hpp>

#include <charconv>
#include <utility>

namespace leat::detail {
namespace {

constexpr int deepest = 64;
constexpr std::string_view score_mark = "=>";
constexpr std::string_view map_mark = " -> ";
constexpr std::string_view foreign_mark = "protobuf ";

constexpr std::pair<std::string_view, std::size_t> sizes[] = {{"bool", 1},
                                                              {"i8", 1},
                                                              {"u8", 1},
                                                              {"i16", 2},
                                                              {"u16", 2},
                                                              {"i32", 4},
                                                              {"u32", 4},
                                                              {"f32", 4},
                                                              {"i64", 8},
                                                              {"u64", 8},
                                                              {"f64", 8},
                                                              {"time", 8},
                                                              {"processing time", 8}};

std::size_t size_of_scalar(std::string_view name) {
  for (const auto& [known, size] : sizes)
    if (known == name)
      return size;
  return 0;
}

class type_parser {
public:
  explicit type_parser(std::string_view text) : rest_(text) {}

  bool row(saved_type& to) {
    if (!type(to, 0))
      return false;
    while (take(score_mark)) {
      saved_type scored;
      scored.kind = saved_kind::scored;
      scored.parts.push_back(std::move(to));
      if (!type(scored.parts.emplace_back(), 0))
        return false;
      to = std::move(scored);
    }
    return rest_.empty();
  }

private:
  bool take(std::string_view what) {
    if (!rest_.starts_with(what))
      return false;
    rest_.remove_prefix(what.size());
    return true;
  }

  // Up to what separates names, its escapes taken off.
  std::string name() {
    std::string read;
    while (!rest_.empty() &&
           std::string_view{"(),:;?[]="}.find(rest_[0]) == std::string_view::npos) {
      if (rest_[0] == '\\')
        rest_.remove_prefix(1);
      if (rest_.empty())
        break;
      read += rest_[0];
      rest_.remove_prefix(1);
    }
    return read;
  }

  bool type(saved_type& to, int depth) {
    if (depth > deepest || !base(to, depth))
      return false;
    if (take("?")) {
      saved_type optional;
      optional.kind = saved_kind::optional;
      optional.parts.push_back(std::move(to));
      to = std::move(optional);
    }
    return true;
  }

  bool base(saved_type& to, int depth) {
    if (take("["))
      return list(to, depth);
    if (take("(")) {
      to.kind = saved_kind::tuple;
      return parts(to, depth);
    }
    to.name = name();
    if (take("(")) {
      to.kind = saved_kind::record;
      return parts(to, depth);
    }
    if (to.name == "string")
      to.kind = saved_kind::text;
    else
      to.size = size_of_scalar(to.name);
    return to.kind == saved_kind::text || to.size > 0;
  }

  bool list(saved_type& to, int depth) {
    to.kind = saved_kind::vector;
    if (!type(to.parts.emplace_back(), depth + 1))
      return false;
    if (take(";")) {
      to.kind = saved_kind::array;
      const auto number = std::from_chars(rest_.data(), rest_.data() + rest_.size(), to.size);
      if (number.ec != std::errc{})
        return false;
      rest_.remove_prefix(static_cast<std::size_t>(number.ptr - rest_.data()));
    }
    return take("]");
  }

  bool parts(saved_type& to, int depth) {
    if (take(")"))
      return true;
    do {
      std::string field;
      if (to.kind == saved_kind::record && (field = name(), !take(":")))
        return false;
      if (!type(to.parts.emplace_back(), depth + 1))
        return false;
      to.parts.back().field = std::move(field);
    } while (take(","));
    return take(")");
  }

  std::string_view rest_;
};

void append_parts(std::string& to, const saved_type& type) {
  char separator = '(';
  for (const saved_type& part : type.parts) {
    to += separator;
    separator = ',';
    if (type.kind == saved_kind::record) {
      append_type_name(to, part.field);
      to += ':';
    }
    to += text_of(part);
  }
  to += type.parts.empty() ? "()" : ")";
}

bool skip_bytes(byte_cursor& from, std::size_t size) {
  const std::byte* bytes = nullptr;
  return from.take(size, bytes);
}

bool skip_times(byte_cursor& from, const saved_type& type, std::size_t times) {
  for (; times > 0; --times) {
    const std::size_t before = from.left();
    if (!skip_value(from, type))
      return false;
    if (from.left() == before)
      return true; // it takes no bytes, however often
  }
  return true;
}

bool skip_parts(byte_cursor& from, const saved_type& type) {
  for (const saved_type& part : type.parts)
    if (!skip_value(from, part))
      return false;
  return true;
}

// Whether a model comes, the score, the model's two names, the row.
bool skip_scored(byte_cursor& from, const saved_type& type) {
  bool has_model = false;
  std::size_t size = 0;
  if (!read_binary(from, has_model) || !skip_value(from, type.parts[1]))
    return false;
  for (int names = has_model ? 2 : 0; names > 0; --names)
    if (!from.take_length(size) || !skip_bytes(from, size))
      return false;
  return skip_value(from, type.parts[0]);
}

template <class Skip>
bool take_with(byte_cursor& from, std::string_view& bytes, Skip skip) {
  const std::byte* begin = nullptr;
  const std::size_t before = from.left();
  if (!from.take(0, begin) || !skip())
    return false;
  bytes = {reinterpret_cast<const char*>(begin), before - from.left()};
  return true;
}

} // namespace

std::optional<saved_type> parse_type(std::string_view text) {
  saved_type type;
  if (text.starts_with(foreign_mark)) {
    type.kind = saved_kind::foreign;
    type.name = text;
    return type;
  }
  if (!type_parser(text).row(type))
    return std::nullopt;
  return type;
}

std::string text_of(const saved_type& type) {
  std::string text;
  switch (type.kind) {
  case saved_kind::scalar:
  case saved_kind::foreign:
    return type.name;
  case saved_kind::text:
    return "string";
  case saved_kind::optional:
    return text_of(type.parts[0]) + '?';
  case saved_kind::vector:
    return '[' + text_of(type.parts[0]) + ']';
  case saved_kind::array:
    return '[' + text_of(type.parts[0]) + ';' + std::to_string(type.size) + ']';
  case saved_kind::scored:
    return text_of(type.parts[0]) + std::string(score_mark) + text_of(type.parts[1]);
  case saved_kind::record:
    append_type_name(text, type.name);
    break;
  case saved_kind::tuple:
    break;
  }
  append_parts(text, type);
  return text;
}

bool skip_value(byte_cursor& from, const saved_type& type) {
  std::size_t size = 0;
  bool present = false;
  switch (type.kind) {
  case saved_kind::scalar:
    return skip_bytes(from, type.size);
  case saved_kind::text:
  case saved_kind::foreign:
    return from.take_length(size) && skip_bytes(from, size);
  case saved_kind::optional:
    return read_binary(from, present) && (!present || skip_value(from, type.parts[0]));
  case saved_kind::vector:
    return from.take_length(size) && skip_times(from, type.parts[0], size);
  case saved_kind::array:
    return skip_times(from, type.parts[0], type.size);
  case saved_kind::tuple:
  case saved_kind::record:
    return skip_parts(from, type);
  case saved_kind::scored:
    return skip_scored(from, type);
  }
  return false;
}

bool take_value(byte_cursor& from, const saved_type& type, std::string_view& bytes) {
  return take_with(from, bytes, [&] { return skip_value(from, type); });
}

bool skip_key(byte_cursor& from, const saved_type& type) {
  std::uint64_t size = 0;
  if (type.kind == saved_kind::text)
    return get_plain(from, size) && skip_bytes(from, size);
  if (type.kind == saved_kind::scalar)
    return skip_bytes(from, type.size);
  for (const saved_type& part : type.parts)
    if (!skip_key(from, part))
      return false;
  return type.kind == saved_kind::tuple;
}

bool take_key(byte_cursor& from, const saved_type& type, std::string_view& bytes) {
  return take_with(from, bytes, [&] { return skip_key(from, type); });
}

std::optional<saved_state_type> parse_state_type(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos)
    return std::nullopt;
  saved_state_type type{std::string(text.substr(0, space)), {}, {}};
  text.remove_prefix(space + 1);
  if (type.kind == "map") {
    const auto mark = text.find(map_mark); // keys have no names, so the first one is it
    if (mark == std::string_view::npos || !(type.key = parse_type(text.substr(0, mark))))
      return std::nullopt;
    text.remove_prefix(mark + map_mark.size());
  }
  auto value = parse_type(text);
  if (!value)
    return std::nullopt;
  type.value = std::move(*value);
  return type;
}

bool take_cell(byte_cursor& from, const saved_state_type& type, std::string_view& bytes) {
  return take_with(from, bytes, [&] {
    if (type.kind == "value" || type.kind == "aggregating")
      return skip_value(from, type.value);
    std::size_t count = 0;
    if (!from.take_length(count))
      return false;
    for (; count > 0; --count)
      if (from.left() == 0 || (type.key && !skip_key(from, *type.key)) ||
          !skip_value(from, type.value))
        return false;
    return true;
  });
}

} // namespace leat::detail
