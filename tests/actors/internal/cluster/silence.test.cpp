#include <leat/internal/cluster/silence.hpp>

#include "support/dice.hpp"

TEST_CASE("a worker is silent after so many looks without a byte, and until one comes") {
  support::for_seeds(200, [](support::dice roll) {
    const int limit = roll(1, 40);
    leat::silence found(std::chrono::milliseconds{100 * limit});
    std::vector<std::uint64_t> received(roll.size(1, 5));
    std::vector<int> since(received.size()); // looks without a byte
    for (int look = 0; look < 200; ++look) {
      std::vector<std::size_t> silent;
      for (std::size_t w = 0; w < received.size(); ++w) {
        const bool speaks = roll(0, 30) == 0;
        received[w] += speaks ? 1 : 0;
        since[w] = speaks ? 0 : since[w] + 1;
        if (since[w] > limit)
          silent.push_back(w);
      }
      REQUIRE(found.look(received) == silent);
    }
  });
}
