#include "nexmark/texts.hpp"

#include "nexmark/random_words.hpp"

#include "support/catch.hpp"

#include <set>

using namespace nexmark;

TEST_CASE("channels have names, URLs and mostly an id") {
  std::set<std::string> names, urls, ids;
  for (std::uint32_t n = 0; n < all_channels; ++n) {
    const channel& c = channel_of(n);
    names.insert(c.name);
    urls.insert(c.url);
    REQUIRE(c.url.starts_with("https://www.nexmark.com/"));
    REQUIRE(std::ranges::count(c.url, '/') == 6);
    if (const auto at = c.url.find("&channel_id="); at != c.url.npos) {
      REQUIRE(n >= hot_channels);
      ids.insert(c.url.substr(at));
    }
  }
  CHECK(names.size() == all_channels);
  CHECK(channel_of(0).name == "Google");
  CHECK(channel_of(3).name == "Apple");
  CHECK(channel_of(4).name == "channel-0");
  CHECK(urls.size() > all_channels * 9 / 10);
  CHECK(static_cast<double>(ids.size()) == Approx(9000).epsilon(0.02));
}

TEST_CASE("extra texts are letters, 54 to 80 of them") {
  std::set<std::size_t> sizes;
  std::set<char> letters;
  for (std::uint32_t n = 0; n < all_extras; n += 997) {
    const auto text = extra_of(n);
    sizes.insert(text.size());
    letters.insert(text.begin(), text.end());
  }
  CHECK(*sizes.begin() == 54);
  CHECK(*sizes.rbegin() == 80);
  CHECK(letters.size() == 26);
  CHECK(*letters.begin() == 'a');
  CHECK(extra_of(all_extras - 1).size() >= 54);
}

TEST_CASE("people have names, cities and states") {
  std::set<std::string> names;
  std::set<std::string_view> cities, states;
  for (std::uint64_t n = 0; n < 10'000; ++n) {
    names.insert(name_of(random_word(n)));
    cities.insert(city_of(random_word(n)));
    states.insert(state_of(random_word(n)));
  }
  CHECK(names.size() == 11 * 9);
  CHECK(names.contains("Luke Shultz"));
  CHECK(cities.size() == 10);
  CHECK(states == std::set<std::string_view>{"AZ", "CA", "ID", "OR", "WA", "WY"});
}
