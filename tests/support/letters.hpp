// Dead letters that tests look at.
#pragma once

#include <leat/dead_letter.hpp>

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

} // namespace support
