#include <leat/detail/runtime/restored_records.hpp>

#include "merged_channels.hpp"
#include "support/catch.hpp"

using support::at;
using support::item;

TEST_CASE("records that several inlets held come in stamp order, those that are claimed") {
  support::for_seeds(200, [](support::dice roll) {
    const std::size_t channels = roll.size(1, 6);
    merging::random_input input(roll, channels);
    const auto modulus = roll(1, 4);
    const auto claimed = [&](std::int64_t number) { return number % modulus == 0; };
    leat::restored_records restored;
    for (const merging::script& s : input.scripts)
      for (const merging::sending& f : s.frames)
        if (f.content->size() > 0)
          restored.add(*f.content, [&](const leat::rows& rows, std::size_t i) {
            return claimed(rows.as<item>()[i].number);
          });
    std::vector<merging::labelled> wanted = input.records;
    std::erase_if(wanted, [&](const auto& r) { return !claimed(r.number); });
    std::ranges::stable_sort(wanted, {}, &merging::labelled::at);
    std::vector<std::pair<leat::stamp, std::int64_t>> got, expected;
    for (const leat::frame& f : restored.in_order())
      for (std::size_t i = 0; i < f.size(); ++i)
        got.emplace_back(f.records->envelopes.stamp_of(i), f.as<item>()[i].number);
    for (const auto& r : wanted)
      expected.emplace_back(r.at, r.number);
    CHECK(got == expected);
  });
}
