// JSON Lines: one record an object, one object a line (RFC 8259 and nothing more: no comments, no
// trailing commas, UTF-8 only).
//
//   bool            true, false             std::string          string
//   integers, enum  number without point    times                string, ISO 8601
//   float, double   number                  std::optional        the value, or null
//   record          object                  std::vector, array   array
//
// 64-bit integers are written as numbers; readers that keep all numbers as doubles round those
// beyond 2^53. JSON has no numbers for NaN and infinities: they are the strings "NaN", "Infinity"
// and "-Infinity", as in the JSON mapping of Protocol Buffers.
#pragma once

#include <leat/detail/record/utf8.hpp>
#include <leat/model.hpp>
#include <leat/scalar_text.hpp>

#include <array>
#include <cmath>
#include <string>
#include <string_view>

namespace leat {

// --- writing ----------------------------------------------------------------------------------

/// Appends text as a JSON string. Bytes that are not UTF-8 become U+FFFD.
void append_json_text(std::string& out, std::string_view text);

/// Appends a value of a field's type.
template <class V>
void append_json(std::string& out, const V& value);

/// `"name":` for each of T's fields.
template <record T>
std::array<std::string, field_count<T>> json_labels() {
  std::array<std::string, field_count<T>> labels;
  std::size_t i = 0;
  for_each_field<T>([&](const auto& f) {
    append_json_text(labels[i], f.name);
    labels[i++] += ':';
  });
  return labels;
}

/// Appends `"name":value` for each field of a record, commas between them.
template <record T>
void append_json_fields(std::string& out, const T& value) {
  [[maybe_unused]] static const auto labels = json_labels<T>(); // unused if T has no fields
  std::size_t i = 0;
  for_each_field<T>([&](const auto& f) {
    if (i > 0)
      out += ',';
    out += labels[i++];
    append_json(out, value.*f.member);
  });
}

/// Appends the values of a std::vector or std::array.
template <class List>
void append_json_list(std::string& out, const List& list) {
  out += '[';
  bool first = true;
  for (const typename List::value_type& value : list) {
    if (!first)
      out += ',';
    first = false;
    append_json(out, value);
  }
  out += ']';
}

template <floating V>
void append_json_number(std::string& out, V value) {
  if (std::isfinite(value))
    append_floating(out, value);
  else
    out += std::isnan(value) ? R"("NaN")" : value > 0 ? R"("Infinity")" : R"("-Infinity")";
}

/// The same for a record of generated code.
template <foreign T>
void append_json_fields(std::string& out, const T& value) {
  foreign_record<T>::append_json_fields(out, value);
}

/// Appends a record as an object, without line end.
template <class V>
void append_json(std::string& out, const V& value) {
  if constexpr (foreign<V>) {
    append_json_fields(out += '{', value);
    out += '}';
  } else if constexpr (!require_field_type<V>()) {
    return;
  } else if constexpr (record<V>) {
    append_json_fields(out += '{', value);
    out += '}';
  } else if constexpr (is_optional<V>) {
    if (value)
      append_json(out, *value);
    else
      out += "null";
  } else if constexpr (is_vector<V> || is_array<V>) {
    append_json_list(out, value);
  } else if constexpr (one_of<V, std::string>) {
    append_json_text(out, value);
  } else if constexpr (time_value<V>) {
    append_scalar(out += '"', value);
    out += '"';
  } else if constexpr (floating<V>) {
    append_json_number(out, value);
  } else {
    append_scalar(out, value);
  }
}

/// Appends `,"model":...,"model_sha256":...`: null when there is no model.
void append_json_model(std::string& out, model_ref model);

/// A scored record: the record's fields, then "score", "model" and "model_sha256".
template <class Features, class Score>
void append_json(std::string& out, const scored<Features, Score>& value) {
  require_scored_names<Features>();
  append_json_fields(out += '{', value.record);
  append_json(out += out.back() == '{' ? R"("score":)" : R"(,"score":)", value.score);
  append_json_model(out, value.model);
  out += '}';
}

// --- reading ----------------------------------------------------------------------------------

/// Takes one JSON text apart from left to right, without a tree and without recursion. The first
/// fault stops it: every call returns false from then on, and `fault()` the reason.
class json_reader {
public:
  /// `text` must outlive the reader.
  explicit json_reader(std::string_view text);

  /// Opens an object ('{') or an array ('[').
  bool open(char bracket);
  /// Steps to the next element before `close`; `first` for the one after the bracket. Returns
  /// false after the last element, or at a fault.
  bool next(char close, bool first);
  /// Reads a member's name and its colon. The view holds until the next name or string is read.
  bool name(std::string_view& out);

  /// Takes `null` when it comes next.
  bool take_null();
  bool read_bool(bool& out);
  /// The view holds until the next name or string is read.
  bool read_string(std::string_view& out);
  /// Reads a number and hands its text out, to be parsed as what it is meant to be.
  bool read_number(std::string_view& out, std::string_view expected);
  /// Whether a string comes next.
  bool at_string();
  /// Skips a value of any kind, at most 64 levels deep.
  bool skip();
  /// Fails unless only blanks are left.
  bool finish();

  /// Records a fault, unless there is one.
  bool fail(std::string why);
  /// Says that the fault lies within this member or element: "items" or "[3]".
  void within(std::string_view place);
  bool failed() const { return !fault_.empty(); }
  /// `field "items[3].price": found a string where a number is expected`.
  std::string fault() const;

private:
  void skip_blanks();
  bool unexpected(std::string_view expected);
  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c);
  bool take_word(std::string_view word);
  bool take_number(std::string_view& out);
  bool take_digits();
  bool take_string(std::string_view& out);
  bool take_escape();
  bool take_code_unit(std::uint32_t& unit);
  bool skip_scalar();

  std::string_view text_;
  std::size_t at_ = 0;
  std::string unescaped_; ///< of the last string with escapes
  std::string place_;
  std::string fault_;
};

/// The number of the field with this name, or field_count<T>. Members mostly come in the order of
/// the declaration, so the search starts at `guess`.
template <record T>
std::size_t find_json_field(std::string_view name, std::size_t guess) {
  static constexpr auto names = field_names<T>();
  for (std::size_t step = 0; step < names.size(); ++step) {
    const std::size_t i = (guess + step) % names.size();
    if (names[i] == name)
      return i;
  }
  return names.size();
}

/// Reads a value of a field's type.
template <class V>
bool read_json(json_reader& in, V& out);

/// Reads the value of field number `index`.
template <record T>
bool read_json_field(json_reader& in, T& out, std::size_t index) {
  bool read = false;
  std::size_t i = 0;
  const auto read_if_meant = [&](const auto& f) {
    if (i++ != index)
      return false;
    read = read_json(in, out.*f.member);
    if (!read)
      in.within(f.name);
    return true;
  };
  with_fields<T>([&](const auto&... f) { (void)(read_if_meant(f) || ...); });
  return read;
}

/// Empties an optional field that did not come, or fails for any other.
template <class V>
bool json_field_missing(json_reader& in, std::string_view name, V& out) {
  if constexpr (is_optional<V>) {
    out.reset();
    return true;
  } else {
    in.fail("missing");
    in.within(name);
    return false;
  }
}

template <record T>
bool read_json_record(json_reader& in, T& out) {
  std::array<bool, field_count<T>> seen{};
  std::size_t guess = 0;
  if (!in.open('{'))
    return false;
  for (bool first = true; in.next('}', first); first = false) {
    std::string_view name;
    if (!in.name(name))
      return false;
    const std::size_t index = find_json_field<T>(name, guess);
    if (index == field_count<T>) {
      if (!in.skip())
        return false;
      continue;
    }
    if (seen[index]) {
      in.fail("given twice");
      in.within(name);
      return false;
    }
    if (!read_json_field(in, out, index))
      return false;
    seen[index] = true;
    guess = index + 1;
  }
  std::size_t i = 0;
  return !in.failed() && with_fields<T>([&](const auto&... f) {
    return ((seen[i++] || json_field_missing(in, f.name, out.*f.member)) && ...);
  });
}

template <class V>
bool read_json_list(json_reader& in, std::vector<V>& out) {
  out.clear();
  if (!in.open('['))
    return false;
  for (bool first = true; in.next(']', first); first = false) {
    V value{};
    if (!read_json(in, value)) {
      in.within('[' + std::to_string(out.size()) + ']');
      return false;
    }
    out.push_back(std::move(value));
  }
  return !in.failed();
}

template <class V, std::size_t N>
bool read_json_list(json_reader& in, std::array<V, N>& out) {
  std::size_t count = 0;
  if (!in.open('['))
    return false;
  for (; in.next(']', count == 0); ++count) {
    if (count == N)
      return in.fail("more than " + std::to_string(N) + " elements");
    if (!read_json(in, out[count])) {
      in.within('[' + std::to_string(count) + ']');
      return false;
    }
  }
  if (!in.failed() && count < N)
    in.fail(std::to_string(count) + " elements, " + std::to_string(N) + " expected");
  return !in.failed();
}

template <scalar V>
bool read_json_number(json_reader& in, V& out) {
  if constexpr (floating<V>)
    if (in.at_string()) {
      std::string_view name;
      if (!in.read_string(name))
        return false;
      if (name != "NaN" && name != "Infinity" && name != "-Infinity")
        return in.fail("the string " + shown(name) + " is not a number");
      return parse_scalar(name, out) == parse_error::none;
    }
  std::string_view text;
  if (!in.read_number(text, expected_text<V>()))
    return false;
  const parse_error why = parse_scalar(text, out);
  return why == parse_error::none || in.fail(parse_reason<V>(why, text));
}

template <class V>
bool read_json(json_reader& in, V& out) {
  if constexpr (!require_field_type<V>()) {
    return false;
  } else if constexpr (record<V>) {
    return read_json_record(in, out);
  } else if constexpr (is_optional<V>) {
    if (in.take_null()) {
      out.reset();
      return true;
    }
    return read_json(in, out ? *out : out.emplace());
  } else if constexpr (is_vector<V> || is_array<V>) {
    return read_json_list(in, out);
  } else if constexpr (one_of<V, std::string> || time_value<V>) {
    std::string_view text;
    if (!in.read_string(text))
      return false;
    const parse_error why = parse_scalar(text, out);
    return why == parse_error::none || in.fail(parse_reason<V>(why, text));
  } else if constexpr (one_of<V, bool>) {
    return in.read_bool(out);
  } else {
    return read_json_number(in, out);
  }
}

/// Reads one line into `out`, which an error leaves partly filled.
/// Members that T does not declare are skipped; a declared one must come, once, unless it is a
/// std::optional.
template <record T>
result<void> parse_json(std::string_view line, T& out) {
  require_finite<T>();
  json_reader in{line};
  if (!in.failed() && read_json_record(in, out) && in.finish())
    return {};
  return user_error(in.fault());
}

/// The same for a record of generated code, by its foreign_record.
template <foreign T>
result<void> parse_json(std::string_view line, T& out) {
  return foreign_record<T>::parse_json(line, out);
}

} // namespace leat
