#include <leat/detail/record/utf8.hpp>

#include "support/catch.hpp"

#include <rapidcheck.h>

TEST_CASE("UTF-8 is checked byte for byte") {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv, "plain"sv, "\0"sv, "caf\xC3\xA9"sv, "\xE2\x82\xAC"sv,
                                      "\xF0\x9F\x98\x80"sv, "\xEF\xBF\xBF"sv, "\xF4\x8F\xBF\xBF"sv})
    CHECK(leat::valid_utf8_length(text) == text.size());
  for (const std::string_view wrong :
       {"\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC3"sv, "\xC3("sv, "\xE0\x9F\x80"sv, "\xE2\x82"sv,
        "\xED\xA0\x80"sv, "\xF0\x8F\x80\x80"sv, "\xF0\x9F\x98"sv, "\xF4\x90\x80\x80"sv,
        "\xF5\x80\x80\x80"sv, "\xFF"sv, "\xE2\x28\xA1"sv, "\xF0\x9F\x28\x80"sv})
    for (std::size_t before = 0; before < 20; ++before) {
      const std::string text = std::string(before, 'a') + std::string{wrong} + "some more text";
      CHECK(leat::valid_utf8_length(text) == before);
    }
}

TEST_CASE("wrong bytes are replaced one by one") {
  std::string storage;
  const std::string good = "gr\xC3\xBC\xC3\x9F";
  CHECK(leat::as_utf8(good, storage).data() == good.data());
  CHECK(leat::as_utf8("a\xFF\xC3z\x80", storage) == "a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD");
  CHECK(rc::check([](std::string text) {
    std::string repaired;
    const std::string_view out = leat::as_utf8(text, repaired);
    RC_ASSERT(leat::valid_utf8_length(out) == out.size());
  }));
}

TEST_CASE("foreign text is shown short and harmless") {
  CHECK(leat::shown("a\tb\x1B[31m\xFF\x7F") == R"("a\x09b\x1B[31m\xFF\x7F")");
  CHECK(leat::shown(std::string(40, 'x')) == '"' + std::string(40, 'x') + '"');
  CHECK(leat::shown(std::string(41, 'x')) == '"' + std::string(40, 'x') + "...\"");
  CHECK(leat::shown(std::string(39, 'x') + "\xC3\xA9") == '"' + std::string(39, 'x') + "...\"");
}
