// Generated events as a source: replayable, in as many splits as the options say.
#pragma once

#include "generator.hpp"

#include <leat/source.hpp>

#include <fmt/format.h>
#include <string>
#include <vector>

namespace nexmark {

/// Reads one split: every so many-th block of events. Its position is the number of the next event.
class event_reader {
public:
  event_reader(const generator_options& options, std::uint64_t split)
      : make_(options), events_(options.events), splits_(options.splits), split_(split),
        next_(split * block_events) {}

  std::string name() const { return fmt::format("{} of {}", split_, splits_); }
  std::uint64_t position() const { return next_; }
  leat::result<void> seek(std::uint64_t to) {
    next_ = to;
    return {};
  }

  leat::pull_status pull(std::size_t demand, leat::emitter<event>& out) {
    while (demand > 0 && next_ < events_) {
      const std::uint64_t count = std::min<std::uint64_t>(demand, run());
      out.fill(count, [this, n = next_](event& to) mutable { make_.make(n++, to); });
      demand -= count;
      advance(count);
    }
    return next_ < events_ ? leat::pull_status::more() : leat::pull_status::done();
  }

private:
  /// The number of its events that follow each other.
  std::uint64_t run() const {
    const std::uint64_t left = events_ - next_;
    return splits_ == 1 ? left : std::min(left, block_events - next_ % block_events);
  }
  void advance(std::uint64_t count) {
    next_ += count;
    if (splits_ > 1 && next_ % block_events == 0)
      next_ += block_events * (splits_ - 1);
  }

  generator make_;
  std::uint64_t events_;
  std::uint64_t splits_;
  std::uint64_t split_;
  std::uint64_t next_;
};

struct event_source {
  using record_type = event;
  generator_options options;

  leat::result<void> check() const { return options.check(); }
  std::vector<event_reader> splits() const {
    std::vector<event_reader> all;
    for (std::uint64_t s = 0; s < options.splits; ++s)
      all.emplace_back(options, s);
    return all;
  }
};

} // namespace nexmark
