#include <leat/internal/cluster/silence.hpp>

#include <utility>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{100};

} // namespace

silence::silence(std::chrono::milliseconds limit) : most_silent_looks_(limit / between_looks) {}

std::vector<std::size_t> silence::look(const std::vector<std::uint64_t>& received) {
  workers_.resize(received.size());
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < received.size(); ++i) {
    worker& w = workers_[i];
    const bool silent = std::exchange(w.received, received[i]) == received[i];
    w.silent_looks = silent ? w.silent_looks + 1 : 0;
    if (w.silent_looks > most_silent_looks_)
      found.push_back(i);
  }
  return found;
}

} // namespace leat
