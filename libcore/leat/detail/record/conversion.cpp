#include <leat/detail/record/conversion.hpp>

#include <algorithm>

namespace leat::detail {
namespace {

std::string in_place(const std::string& place, std::string_view name) {
  return place.empty() ? std::string(name) : place + '.' + std::string(name);
}

error differs(const saved_type& saved, const saved_type& is, const std::string& place) {
  return user_error((place.empty() ? "it" : "field \"" + place + '"') + " was " + text_of(saved) +
                        " and is " + text_of(is),
                    "declare it as it was, give the record a `migrate` from its older type, or "
                    "start without the saved state");
}

// Whether its older types lead back to one of this text.
bool descends(const type_history& now, const std::string& text) {
  for (const type_history* older = now.older; older; older = older->older)
    if (older->text() == text)
      return true;
  return false;
}

void append(std::string& to, std::string_view bytes) { to += bytes; }

} // namespace

result<conversion> conversion::between(const saved_type& saved, const type_history& now) {
  const auto is = parse_type(now.text());
  if (!is)
    return internal_error("the text of a type cannot be read: " + now.text());
  return make(saved, now, *is, {});
}

result<conversion> conversion::make(const saved_type& saved, const type_history& now,
                                    const saved_type& is, const std::string& place) {
  conversion made(saved);
  const std::string was = text_of(saved);
  if (was == text_of(is))
    return made;
  if (descends(now, was)) {
    auto from = between(saved, *now.older);
    if (!from)
      return from;
    made.rule_ = rule::migrated;
    made.migrate_ = now.migrate;
    made.parts_.push_back(std::move(*from));
    return made;
  }
  const bool like = saved.kind == is.kind && saved.name == is.name && saved.size == is.size;
  if (!like || saved.kind == saved_kind::scalar || saved.kind == saved_kind::foreign)
    return differs(saved, is, place);
  switch (saved.kind) {
  case saved_kind::record:
    made.rule_ = rule::record;
    if (auto matched = made.match_fields(now, is, place); !matched)
      return matched.error();
    return made;
  case saved_kind::optional:
    made.rule_ = rule::optional;
    break;
  case saved_kind::vector:
    made.rule_ = rule::vector;
    break;
  case saved_kind::array:
    made.rule_ = rule::array;
    break;
  case saved_kind::scored:
    made.rule_ = rule::scored;
    break;
  default:
    made.rule_ = rule::tuple;
    break;
  }
  if (saved.parts.size() != is.parts.size())
    return differs(saved, is, place);
  for (std::size_t i = 0; i < saved.parts.size(); ++i)
    if (auto added = made.add_part(saved.parts[i], *now.parts[i], is.parts[i], place); !added)
      return added.error();
  return made;
}

result<void> conversion::add_part(const saved_type& saved, const type_history& now,
                                  const saved_type& is, const std::string& place) {
  auto part = make(saved, now, is, place);
  if (!part)
    return part.error();
  parts_.push_back(std::move(*part));
  return {};
}

result<void> conversion::match_fields(const type_history& now, const saved_type& is,
                                      const std::string& place) {
  std::string defaults;
  now.append_default(defaults);
  byte_cursor from(defaults);
  for (std::size_t i = 0; i < is.parts.size(); ++i) {
    std::string_view constant;
    if (!take_value(from, is.parts[i], constant))
      return internal_error("the defaults of a record cannot be read");
    const auto was = std::find_if(saved_.parts.begin(), saved_.parts.end(),
                                  [&](const auto& f) { return f.field == is.parts[i].field; });
    if (was == saved_.parts.end()) {
      fields_.push_back({std::nullopt, std::string(constant)});
      parts_.emplace_back(conversion(is.parts[i]));
      continue;
    }
    fields_.push_back({static_cast<std::size_t>(was - saved_.parts.begin()), {}});
    if (auto added = add_part(*was, *now.parts[i], is.parts[i], in_place(place, is.parts[i].field));
        !added)
      return added;
  }
  return {};
}

bool conversion::convert(byte_cursor& from, std::string& to) const {
  std::string_view bytes;
  std::size_t count = 0;
  bool present = false;
  switch (rule_) {
  case rule::as_is:
    return take_value(from, saved_, bytes) && (append(to, bytes), true);
  case rule::optional:
    if (!read_binary(from, present))
      return false;
    append_binary(to, present);
    return !present || parts_[0].convert(from, to);
  case rule::vector:
    if (!from.take_length(count))
      return false;
    grow_buffer(to, binary_length_size(count)).put_length(count);
    return convert_times(from, to, count);
  case rule::array:
    return convert_times(from, to, saved_.size);
  case rule::tuple:
    return std::all_of(parts_.begin(), parts_.end(),
                       [&](const conversion& part) { return part.convert(from, to); });
  case rule::record:
    return convert_record(from, to);
  case rule::scored:
    return convert_scored(from, to);
  case rule::migrated:
    std::string older;
    return parts_[0].convert(from, older) && migrate_(older, to);
  }
  return false;
}

// A value that takes no bytes would be repeated for as long as hostile bytes say.
bool conversion::convert_times(byte_cursor& from, std::string& to, std::size_t times) const {
  for (; times > 0; --times)
    if (from.left() == 0 || !parts_[0].convert(from, to))
      return false;
  return true;
}

bool conversion::convert_record(byte_cursor& from, std::string& to) const {
  std::vector<std::string_view> saved(saved_.parts.size());
  for (std::size_t i = 0; i < saved.size(); ++i)
    if (!take_value(from, saved_.parts[i], saved[i]))
      return false;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (!fields_[i].saved) {
      to += fields_[i].constant;
      continue;
    }
    byte_cursor value(saved[*fields_[i].saved]);
    if (!parts_[i].convert(value, to))
      return false;
  }
  return true;
}

// Whether a model comes, the score, the model's two names, the row.
bool conversion::convert_scored(byte_cursor& from, std::string& to) const {
  bool has_model = false;
  if (!read_binary(from, has_model))
    return false;
  append_binary(to, has_model);
  if (!parts_[1].convert(from, to))
    return false;
  std::string name;
  for (int names = has_model ? 2 : 0; names > 0; --names) {
    if (!read_binary(from, name))
      return false;
    append_binary(to, name);
  }
  return parts_[0].convert(from, to);
}

result<state_conversion> state_conversion::between(std::string_view saved, std::string_view now,
                                                   const type_history& values) {
  auto was = parse_state_type(saved);
  const auto is = parse_state_type(now);
  if (!was || !is)
    return external_error("the saved type \"" + std::string(saved) + "\" cannot be read");
  const auto key_of = [](const saved_state_type& t) { return t.key ? text_of(*t.key) : ""; };
  if (was->kind != is->kind || key_of(*was) != key_of(*is))
    return user_error("it was " + std::string(saved) + " and is " + std::string(now),
                      "declare it as it was, or give the new one another name");
  auto conversion = conversion::between(was->value, values);
  if (!conversion)
    return conversion.error();
  return state_conversion(std::move(*was), std::move(*conversion));
}

bool state_conversion::convert(byte_cursor& from, std::string& to) const {
  if (saved_.kind == "value" || saved_.kind == "aggregating")
    return values_.convert(from, to);
  std::size_t count = 0;
  if (!from.take_length(count))
    return false;
  grow_buffer(to, binary_length_size(count)).put_length(count);
  for (; count > 0; --count) {
    std::string_view key;
    if (from.left() == 0 || (saved_.key && !take_key(from, *saved_.key, key)))
      return false;
    to += key;
    if (!values_.convert(from, to))
      return false;
  }
  return true;
}

} // namespace leat::detail
