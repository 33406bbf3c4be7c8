#include <leat/detail/record/fingerprint.hpp>

#include <xxhash.h>

namespace leat {

void append_type_name(std::string& out, std::string_view name) {
  for (const char c : name) {
    if (std::string_view{"\\(),:;?[]"}.find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
}

namespace detail {

namespace {

void append_type(std::string& out, const type_layout& type);

void append_parts(std::string& out, const type_layout& type) {
  char separator = '(';
  for (const type_part& part : type.parts) {
    out += separator;
    separator = ',';
    if (type.kind == type_kind::record) {
      append_type_name(out, part.name);
      out += ':';
    }
    append_type(out, *part.type);
  }
  out += type.parts.empty() ? "()" : ")";
}

void append_type(std::string& out, const type_layout& type) {
  switch (type.kind) {
  case type_kind::scalar:
    out += type.name;
    return;
  case type_kind::optional:
    append_type(out, *type.element);
    out += '?';
    return;
  case type_kind::vector:
    append_type(out += '[', *type.element);
    out += ']';
    return;
  case type_kind::array:
    append_type(out += '[', *type.element);
    out += ';' + std::to_string(type.length) + ']';
    return;
  case type_kind::record:
    append_type_name(out, type.name);
    append_parts(out, type);
    return;
  case type_kind::tuple:
    append_parts(out, type);
    return;
  }
}

} // namespace

std::string text_of(const type_layout& type) {
  std::string text;
  append_type(text, type);
  return text;
}

std::uint64_t fingerprint_of_text(std::string_view type) {
  constexpr std::uint64_t seed = 0x6c656174; // "leat"; part of every snapshot, never to be changed
  return XXH3_64bits_withSeed(type.data(), type.size(), seed);
}

} // namespace detail

} // namespace leat
