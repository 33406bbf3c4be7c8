// JSON Lines: nothing is read that is not JSON (nlohmann's parser is the judge), every line is a
// record or a dead letter, and what was read is written and read again.
#include "fuzz/fuzz.hpp"

#include <leat/connectors/json_lines/source.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <optional>

namespace {

using nlohmann::json;

struct item {
  std::string name;
  std::optional<float> price;
  static constexpr auto fields =
      leat::fields("item", leat::field("name", &item::name), leat::field("price", &item::price));
};

struct order {
  std::int64_t id = 0;
  std::uint8_t small = 0;
  double total = 0;
  bool paid = false;
  leat::event_time time{};
  std::vector<item> items;
  std::array<std::int32_t, 2> pair{};
  std::optional<std::vector<bool>> flags;
  static constexpr auto fields =
      leat::fields("order", leat::field("id", &order::id), leat::field("small", &order::small),
                   leat::field("total", &order::total), leat::field("paid", &order::paid),
                   leat::field("time", &order::time), leat::field("items", &order::items),
                   leat::field("pair", &order::pair), leat::field("flags", &order::flags));
};

enum class verdict { yes, no, none };

/// Receives a document and keeps nothing but its first fault.
struct judge : json::json_sax_t {
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(std::string&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const json::exception& e) override {
    constexpr int number_overflow = 406; // of the judge's doubles, not of the grammar
    says = e.id == number_overflow ? verdict::none : verdict::no;
    return false;
  }
  verdict says = verdict::yes;
};

verdict judged(std::string_view text) {
  judge j;
  json::sax_parse(text, &j);
  return j.says;
}

/// Ours and the judge's reading of any JSON, but where the judge is lenient: it takes a mark, and a
/// zero byte for the end.
void require_same_grammar(std::string_view line) {
  leat::json_reader in{line};
  const bool taken = !in.failed() && in.skip() && in.finish();
  if (taken)
    fuzz::require(judged(line) != verdict::no, "what is taken for JSON is JSON");
  else if (in.fault().find("nested deeper") == std::string::npos && line.find('\0') == line.npos &&
           !line.starts_with("\xEF\xBB\xBF"))
    fuzz::require(judged(line) != verdict::yes, "what is JSON is taken for JSON");
}

void require_round_trip(std::string_view line) {
  order read, again;
  if (!leat::parse_json(line, read))
    return;
  fuzz::require(judged(line) != verdict::no, "what is read as a record is JSON");
  std::string written;
  leat::append_json(written, read);
  fuzz::require(judged(written) != verdict::no, "what is written is JSON");
  fuzz::require(bool(leat::parse_json(written, again)), "what was written can be read");
  fuzz::require(fuzz::bytes_of(again) == fuzz::bytes_of(read), "and is the same");
}

void require_no_loss(std::string_view text, const std::vector<std::string_view>& lines) {
  const leat::json_lines_source<order> source{fuzz::file_of(text), {.max_line = 256}};
  const auto got = fuzz::read_all(source);
  fuzz::require(got.ended, "the file is read to its end");
  fuzz::require(got.records.size() + got.letters == lines.size(), "no line is lost");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto lines = fuzz::lines_of(text);
  if (size % 8 == 0) // to read a file takes many times longer than to parse its lines
    require_no_loss(text, lines);
  for (const std::string_view line : lines) {
    require_same_grammar(line);
    require_round_trip(line);
  }
  return 0;
}
