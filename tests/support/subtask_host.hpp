// The host of a subtask in the hands of a test.
#pragma once

#include <leat/detail/runtime/subtask.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

namespace support {

/// Keeps what a subtask asks for; a test gives it when it likes.
struct kept_requests final : leat::subtask_host {
  kept_frames wire;
  std::vector<std::pair<std::size_t, leat::credit>> grants;
  std::vector<std::size_t> cancelled;
  std::vector<std::uint64_t> agains;
  std::vector<std::pair<leat::clock_time, std::uint64_t>> timers;
  bool is_prepared = false;
  bool is_done = false;
  std::function<void()> when_passed = [] {}; ///< at a barrier

  void send(std::size_t port, std::size_t lane, leat::frame f) override {
    wire.send(port, lane, std::move(f));
  }
  void promise(std::size_t port, const leat::mark& m,
               std::span<const std::uint64_t> frames) override {
    wire.promise(port, m, frames);
  }
  void look(leat::inlet&) override {}
  void grant(std::size_t channel, const leat::credit& c) override {
    grants.emplace_back(channel, c);
  }
  void cancel(std::size_t channel) override { cancelled.push_back(channel); }
  void again(std::uint64_t number) override { agains.push_back(number); }
  void wake_at(leat::clock_time when, std::uint64_t number) override {
    timers.emplace_back(when, number);
  }
  void passed(const leat::barrier&) override { when_passed(); }
  void prepared() override { is_prepared = true; }
  void done() override {
    REQUIRE_FALSE(is_done);
    is_done = true;
  }
};

} // namespace support
