// A sink whose outputs outlive its process: what was published, by epoch, and what was prepared.
#pragma once

#include <leat/sink.hpp>

#include "support/catch.hpp"

#include <map>
#include <memory>

namespace support {

struct output_id {
  std::uint64_t subtask = 0;
  leat::epoch of = 0;
  static constexpr auto fields = leat::fields(
      "output_id", leat::field("subtask", &output_id::subtask), leat::field("of", &output_id::of));
  friend auto operator<=>(const output_id&, const output_id&) = default;
};

/// Outside of any process.
template <class T>
struct published {
  std::map<output_id, std::vector<T>> prepared;
  std::map<output_id, std::vector<T>> committed;
  std::uint64_t repeated = 0; ///< commits of what was committed

  std::vector<T> records() const {
    std::vector<T> all;
    for (const auto& [id, part] : committed)
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }
};

template <class T>
class ledger {
public:
  explicit ledger(std::shared_ptr<published<T>> outside) : outside_(std::move(outside)) {}

  void open(const leat::sink_context& place) { subtask_ = place.subtask; }
  void write(std::span<const T> records) {
    written_.insert(written_.end(), records.begin(), records.end());
  }
  std::optional<output_id> prepare(leat::epoch n) {
    if (written_.empty())
      return {};
    const output_id id{subtask_, n};
    if (!outside_->prepared.emplace(id, std::exchange(written_, {})).second)
      throw leat::failure(leat::internal_error("an epoch was prepared twice"));
    return id;
  }
  void commit(const output_id& id) {
    if (!outside_->prepared.contains(id))
      throw leat::failure(leat::internal_error("what is to be committed is not there"));
    outside_->repeated += !outside_->committed.emplace(id, outside_->prepared.at(id)).second;
  }

private:
  std::shared_ptr<published<T>> outside_;
  std::vector<T> written_;
  std::uint64_t subtask_ = 0;
};

} // namespace support
