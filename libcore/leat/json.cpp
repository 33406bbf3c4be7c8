#include <leat/json.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_escaped(std::string& out, char c) {
  switch (c) {
  case '"':
    out += "\\\"";
    break;
  case '\\':
    out += "\\\\";
    break;
  case '\b':
    out += "\\b";
    break;
  case '\f':
    out += "\\f";
    break;
  case '\n':
    out += "\\n";
    break;
  case '\r':
    out += "\\r";
    break;
  case '\t':
    out += "\\t";
    break;
  default:
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
  }
}

void append_code_point(std::string& out, std::uint32_t point) {
  const auto lead = [&](std::uint32_t mark, int shift) {
    out += static_cast<char>(mark | point >> shift);
  };
  const auto follow = [&](int shift) { out += static_cast<char>(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) {
    lead(0, 0);
  } else if (point < 0x800) {
    lead(0xC0, 6), follow(0);
  } else if (point < 0x10000) {
    lead(0xE0, 12), follow(6), follow(0);
  } else {
    lead(0xF0, 18), follow(12), follow(6), follow(0);
  }
}

} // namespace

void append_json_text(std::string& out, std::string_view text) {
  std::string repaired;
  text = as_utf8(text, repaired);
  out += '"';
  std::size_t plain = 0; // start of what needs no escape and is not yet appended
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '"' && text[i] != '\\' && !is_control(text[i]))
      continue;
    out += text.substr(plain, i - plain);
    append_escaped(out, text[i]);
    plain = i + 1;
  }
  out += text.substr(plain);
  out += '"';
}

void append_json_model(std::string& out, model_ref model) {
  const auto append = [&](std::string_view name, const std::string* text) {
    out += name;
    if (text)
      append_json_text(out, *text);
    else
      out += "null";
  };
  append(R"(,"model":)", model ? &model->id : nullptr);
  append(R"(,"model_sha256":)", model ? &model->sha256 : nullptr);
}

json_reader::json_reader(std::string_view text) : text_(text) {
  if (const std::size_t valid = valid_utf8_length(text); valid != text.size())
    fail(fmt::format("byte {} is not UTF-8", valid + 1));
}

bool json_reader::fail(std::string why) {
  if (fault_.empty())
    fault_ = std::move(why);
  return false;
}

void json_reader::within(std::string_view place) {
  if (!place_.empty() && place_.front() != '[')
    place_.insert(0, ".");
  place_.insert(0, place);
}

std::string json_reader::fault() const {
  return place_.empty() ? fault_ : fmt::format("field {}: {}", shown(place_), fault_);
}

void json_reader::skip_blanks() {
  while (at(' ') || at('\t') || at('\n') || at('\r'))
    ++at_;
}

namespace {

/// What `rest` begins with, without quotes: a literal, or a word of a text that is not JSON.
std::string unquoted(std::string_view rest) {
  constexpr std::size_t most = 20;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_letter);
  const auto word = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  if (word == "null")
    return "null";
  if (word == "true" || word == "false")
    return "true or false";
  return shown(word.empty() ? rest.substr(0, 1) : word.substr(0, most));
}

} // namespace

bool json_reader::unexpected(std::string_view expected) {
  if (at_ == text_.size())
    return fail(fmt::format("the line ends where {} is expected", expected));
  const auto found = [&](std::string_view what) {
    return fail(fmt::format("found {} at byte {} where {} is expected", what, at_ + 1, expected));
  };
  switch (text_[at_]) {
  case '"':
    return found("a string");
  case '{':
    return found("an object");
  case '[':
    return found("an array");
  default:
    if (is_digit(text_[at_]) || text_[at_] == '-')
      return found("a number");
    return found(unquoted(text_.substr(at_)));
  }
}

bool json_reader::open(char bracket) {
  if (failed())
    return false;
  skip_blanks();
  return take(bracket) || unexpected(bracket == '{' ? "an object" : "an array");
}

bool json_reader::next(char close, bool first) {
  if (failed())
    return false;
  skip_blanks();
  if (take(close))
    return false;
  if (first)
    return true;
  if (!take(','))
    return unexpected(close == '}' ? "a comma or }" : "a comma or ]");
  skip_blanks();
  if (at(close))
    return fail(fmt::format("a comma without anything behind it at byte {}", at_));
  return true;
}

bool json_reader::name(std::string_view& out) {
  if (failed())
    return false;
  if (!at_string())
    return unexpected("a member's name");
  if (!take_string(out))
    return false;
  skip_blanks();
  return take(':') || unexpected("a colon");
}

bool json_reader::take(char c) {
  if (!at(c))
    return false;
  ++at_;
  return true;
}

bool json_reader::take_word(std::string_view word) {
  if (failed() || !text_.substr(at_).starts_with(word))
    return false;
  at_ += word.size();
  return true;
}

bool json_reader::take_null() {
  skip_blanks();
  return take_word("null");
}

bool json_reader::read_bool(bool& out) {
  if (failed())
    return false;
  skip_blanks();
  const bool yes = take_word("true");
  if (!yes && !take_word("false"))
    return unexpected("true or false");
  out = yes;
  return true;
}

bool json_reader::at_string() {
  skip_blanks();
  return at('"');
}

bool json_reader::read_string(std::string_view& out) {
  if (failed())
    return false;
  return at_string() ? take_string(out) : unexpected("a string");
}

/// From the opening quote to behind the closing one. Text without escapes stays where it is.
bool json_reader::take_string(std::string_view& out) {
  std::size_t plain = ++at_; // start of what is not yet in unescaped_
  bool escapes = false;
  for (; at_ < text_.size() && !is_control(text_[at_]); ++at_) {
    if (text_[at_] == '"') {
      out = text_.substr(plain, at_ - plain);
      if (escapes)
        out = unescaped_ += out;
      ++at_;
      return true;
    }
    if (text_[at_] == '\\') {
      if (!escapes)
        unescaped_.clear();
      escapes = true;
      unescaped_ += text_.substr(plain, at_ - plain);
      ++at_;
      if (!take_escape())
        return false;
      plain = at_ + 1;
    }
  }
  if (at_ == text_.size())
    return fail("the line ends inside a string");
  return fail(fmt::format("a control character at byte {} inside a string", at_ + 1));
}

/// Stands behind the backslash, and leaves on the escape's last byte.
bool json_reader::take_escape() {
  const char kind = at_ < text_.size() ? text_[at_] : '\0';
  switch (kind) {
  case '"':
  case '\\':
  case '/':
    unescaped_ += kind;
    return true;
  case 'b':
    unescaped_ += '\b';
    return true;
  case 'f':
    unescaped_ += '\f';
    return true;
  case 'n':
    unescaped_ += '\n';
    return true;
  case 'r':
    unescaped_ += '\r';
    return true;
  case 't':
    unescaped_ += '\t';
    return true;
  case 'u':
    break;
  default:
    return fail(fmt::format("an unknown escape at byte {}", at_));
  }
  const std::size_t start = at_;
  std::uint32_t point = 0;
  if (!take_code_unit(point))
    return false;
  if (point >= 0xD800 && point <= 0xDBFF) { // the first half of a surrogate pair
    std::uint32_t second = 0;
    ++at_;
    if (!take('\\') || !at('u') || !take_code_unit(second) || second < 0xDC00 || second > 0xDFFF)
      return fail(fmt::format("half a surrogate pair at byte {}", start));
    point = 0x10000 + ((point - 0xD800) << 10) + (second - 0xDC00);
  } else if (point >= 0xDC00 && point <= 0xDFFF) {
    return fail(fmt::format("half a surrogate pair at byte {}", start));
  }
  append_code_point(unescaped_, point);
  return true;
}

/// Stands on the u, and leaves on the last of its four digits.
bool json_reader::take_code_unit(std::uint32_t& unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i) {
    ++at_;
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c))
      unit = unit * 16 + static_cast<std::uint32_t>(c - '0');
    else if (lower >= 'a' && lower <= 'f')
      unit = unit * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
    else
      return fail(fmt::format("\\u without four hexadecimal digits at byte {}", at_ - i - 1));
  }
  return true;
}

bool json_reader::read_number(std::string_view& out, std::string_view expected) {
  if (failed())
    return false;
  skip_blanks();
  if (at_ == text_.size() || (text_[at_] != '-' && !is_digit(text_[at_])))
    return unexpected(expected);
  return take_number(out);
}

bool json_reader::take_digits() {
  const std::size_t start = at_;
  while (at_ < text_.size() && is_digit(text_[at_]))
    ++at_;
  return at_ > start;
}

bool json_reader::take_number(std::string_view& out) {
  const std::size_t start = at_;
  take('-');
  const std::size_t whole = at_;
  bool formed = take_digits() && (text_[whole] != '0' || at_ == whole + 1);
  if (formed && take('.'))
    formed = take_digits();
  if (formed && (take('e') || take('E'))) {
    if (!take('+'))
      take('-');
    formed = take_digits();
  }
  if (!formed)
    return fail(fmt::format("a malformed number at byte {}", start + 1));
  out = text_.substr(start, at_ - start);
  return true;
}

bool json_reader::skip_scalar() {
  std::string_view ignored;
  if (at_string())
    return take_string(ignored);
  if (take_word("true") || take_word("false") || take_word("null"))
    return true;
  return read_number(ignored, "a value");
}

bool json_reader::skip() {
  constexpr int most = 64;
  std::uint64_t objects = 0; // bit n tells what level n is
  int depth = 0;
  bool first = true; // nothing of the innermost level has come yet
  do {
    const auto close = [&] { return objects >> (depth - 1) & 1 ? '}' : ']'; };
    std::string_view ignored;
    if (depth > 0 && !next(close(), first)) {
      first = false;
      --depth;
      continue;
    }
    if (depth > 0 && close() == '}' && !name(ignored))
      return false;
    skip_blanks();
    const char start = at_ < text_.size() ? text_[at_] : '\0';
    if (start == '{' || start == '[') {
      if (depth == most)
        return fail(fmt::format("nested deeper than {} levels at byte {}", most, at_ + 1));
      const std::uint64_t bit = std::uint64_t{1} << depth;
      objects = start == '{' ? objects | bit : objects & ~bit;
      ++depth;
      ++at_;
      first = true;
    } else {
      if (!skip_scalar())
        return false;
      first = false;
    }
  } while (depth > 0 && !failed());
  return !failed();
}

bool json_reader::finish() {
  if (failed())
    return false;
  skip_blanks();
  return at_ == text_.size() ||
         fail(fmt::format("more text behind the record at byte {}", at_ + 1));
}

} // namespace leat
