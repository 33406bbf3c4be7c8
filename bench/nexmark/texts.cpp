#include "texts.hpp"

#include "random_words.hpp"

#include <array>
#include <bit>
#include <fmt/format.h>
#include <vector>

namespace nexmark {

namespace {

/// Letters and underscores, three or four.
std::string folder(std::uint64_t word) {
  std::string text;
  for (std::uint64_t left = 3 + (word & 1U); left > 0; --left) {
    word = random_word(word);
    text += below(13, word) == 0 ? '_' : static_cast<char>('a' + below(26, word >> 32U));
  }
  return text;
}

std::vector<channel> make_channels() {
  std::vector<channel> all;
  for (std::uint32_t n = 0; n < all_channels; ++n) {
    static constexpr std::array hot{"Google", "Facebook", "Baidu", "Apple"};
    const std::uint64_t word = random_word(n);
    std::string url = fmt::format("https://www.nexmark.com/{}/{}/{}/item.htm?query=1", folder(word),
                                  folder(word + 1), folder(word + 2));
    const bool has_id = n >= hot_channels && below(10, word >> 32U) > 0;
    if (has_id)
      url += fmt::format("&channel_id={}", std::rotl(n, 20));
    all.push_back({n < hot_channels ? hot[n] : fmt::format("channel-{}", n - hot_channels), url});
  }
  return all;
}

constexpr std::size_t least_extra = 54, lengths_of_extra = 27;

std::string make_letters() {
  std::string text;
  for (std::uint64_t n = 0; n < all_extras + least_extra + lengths_of_extra; ++n)
    text += static_cast<char>('a' + below(26, random_word(n)));
  return text;
}

/// One of these, by bits of a person's number that nothing else takes.
template <std::size_t N>
std::string_view one_of(const std::array<std::string_view, N>& texts, text_number number,
                        unsigned bits) {
  return texts[(number >> bits & 0xFFFFU) * N >> 16U];
}

} // namespace

const channel& channel_of(std::uint32_t number) {
  static const std::vector<channel> all = make_channels();
  return all[number];
}

std::string_view extra_of(std::uint32_t number) {
  static const std::string letters = make_letters();
  return std::string_view(letters).substr(number, least_extra + number % lengths_of_extra);
}

std::string name_of(text_number texts) {
  static constexpr std::array<std::string_view, 11> first{"Peter", "Paul",   "Luke",  "John",
                                                          "Saul",  "Vicky",  "Kate",  "Julie",
                                                          "Sarah", "Deiter", "Walter"};
  static constexpr std::array<std::string_view, 9> last{
      "Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"};
  std::string name(one_of(first, texts, 0));
  return name.append(1, ' ').append(one_of(last, texts, 16));
}

std::string_view city_of(text_number texts) {
  static constexpr std::array<std::string_view, 10> cities{
      "Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland",
      "Bend",    "Redmond",     "Seattle",       "Kent",  "Cheyenne"};
  return one_of(cities, texts, 32);
}

std::string_view state_of(text_number texts) {
  static constexpr std::array<std::string_view, 6> states{"AZ", "CA", "ID", "OR", "WA", "WY"};
  return one_of(states, texts, 48);
}

} // namespace nexmark
