// Dead letters that tests look at.
#pragma once

#include <leat/dead_letter.hpp>

#include <map>
#include <mutex>
#include <vector>

namespace support {

/// Keeps them in memory. Look at `letters` when the run is over.
class kept_letters final : public leat::dead_letter_sink {
public:
  void put(leat::dead_letter letter) override {
    const std::lock_guard lock(mutex_);
    letters.push_back(std::move(letter));
  }
  std::uint64_t count() const override {
    const std::lock_guard lock(mutex_);
    return letters.size();
  }

  std::vector<leat::dead_letter> letters;

private:
  mutable std::mutex mutex_;
};

/// Outside of any process: keeps each letter once, by its id.
class published_letters final : public leat::dead_letter_sink {
public:
  void put(leat::dead_letter letter) override {
    if (!by_id.emplace(letter.id, letter).second)
      ++repeated;
  }
  std::uint64_t count() const override { return by_id.size(); }

  /// Stage and record of each, in no order.
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& [id, letter] : by_id)
      all.push_back(letter.stage + ' ' + letter.raw);
    return all;
  }

  std::map<std::string, leat::dead_letter> by_id;
  int repeated = 0;
};

} // namespace support
