// CSV files: every line is a record or a dead letter, and what was read is written and read again.
#include "fuzz/fuzz.hpp"

#include <leat/connectors/csv/source.hpp>

#include <optional>

namespace {

enum class channel : std::uint8_t { shop, web };

struct sale {
  std::int64_t id = 0;
  leat::event_time time{};
  double price = 0;
  std::string text;
  std::optional<float> rate;
  std::optional<std::string> note;
  bool paid = false;
  channel from{};
  std::uint16_t small = 0;
  static constexpr auto fields =
      leat::fields("sale", leat::field("id", &sale::id), leat::field("time", &sale::time),
                   leat::field("price", &sale::price), leat::field("text", &sale::text),
                   leat::field("rate", &sale::rate), leat::field("note", &sale::note),
                   leat::field("paid", &sale::paid), leat::field("from", &sale::from),
                   leat::field("small", &sale::small));
};

void require_round_trip(const sale& read) {
  static leat::csv_reader<sale> reader = [] {
    std::string header;
    leat::append_csv_header<sale>(header);
    return leat::csv_reader<sale>{*leat::csv_header<sale>(header)};
  }();
  std::string line;
  leat::append_csv(line, read);
  sale again;
  fuzz::require(bool(reader.parse(line, again)), "what was written can be read");
  fuzz::require(fuzz::bytes_of(again) == fuzz::bytes_of(read), "and is the same");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const leat::csv_source<sale> source{fuzz::file_of(text), {.path_field = {}, .max_line = 96}};
  const auto got = fuzz::read_all(source);
  const auto lines = fuzz::lines_of(text);
  fuzz::require(got.ended == bool(source.check()), "a file that was checked is read to its end");
  if (got.ended && !lines.empty())
    fuzz::require(got.records.size() + got.letters == lines.size() - 1, "no line is lost");
  for (const sale& read : got.records)
    require_round_trip(read);
  return 0;
}
