// The graph as users write it: stream<T> -> keyed_stream -> batched_stream, each with the verbs
// that make sense on it. Stateless steps fuse at compile time into the stage before them; using a
// named handle twice seals it once and forks.
#pragma once

#include <leat/batched_stream.hpp>
#include <leat/stream.hpp>
#include <leat/windowed_stream.hpp>

namespace leat {

/// A dataflow graph. Written once, then run, described or tested. Not thread-safe while written.
class graph {
public:
  explicit graph(std::string name) : begin_(std::move(name)) {}

  /// Starts a stream at a source. The event time, where there is one, orders records of several
  /// splits: leat::event_time_by{[](const payment& p) { return p.time; }, 5s}.
  template <class Source, class EventTime = no_event_time>
  auto from(std::string name, Source source, EventTime times = {}, stage_options options = {}) {
    if constexpr (!requires { typename Source::record_type; }) {
      static_assert(detail::no<Source>,
                    "from(name, source): the source says what it reads: using record_type = ...;");
      return detail::broken{};
    } else if constexpr (!source_of<Source, typename Source::record_type>) {
      static_assert(detail::no<Source>,
                    "from(name, source): a source has pull(demand, leat::emitter<record_type>&) "
                    "returning leat::pull_status, or splits() of such readers");
      return detail::broken{};
    } else if constexpr (!event_time_of<EventTime, typename Source::record_type>) {
      static_assert(detail::no<EventTime>,
                    "from(name, source, event_time_by{f}): f takes a const record& and returns a "
                    "leat::event_time, which leat::from_millis(n) makes of a number of "
                    "milliseconds since 1970 (also from_seconds, from_micros)");
      return detail::broken{};
    } else if constexpr (!watermarks_of<EventTime, typename Source::record_type>) {
      static_assert(detail::no<EventTime>,
                    "from(name, source, watermarks_by{f, watermark}): watermark takes a const "
                    "record& and returns a leat::event_time; if it is not const, its type declares "
                    "its fields, so that each split's copy of it can be saved");
      return detail::broken{};
    } else if constexpr (half_replayable<typename split_of<Source>::type>) {
      static_assert(detail::no<Source>,
                    "from(name, source): a reader with position() also has leat::result<void> "
                    "seek(position), and its positions are numbers, texts or structs that declare "
                    "their fields");
      return detail::broken{};
    } else {
      plan_stage s;
      s.name = std::move(name);
      s.kind = kinds::source;
      if (is_replayable(source))
        s.kind.delivery = source_delivery::replayable;
      if (const auto codec = codec_of_read_ahead<Source>(s.name); !codec)
        s.unsavable = codec.error();
      s.verbs = {stop_verb};
      s.parallelism = options.parallelism;
      if constexpr (!std::is_same_v<EventTime, no_event_time>)
        s.set_times(bound_of(times), times.max_drift);
      if constexpr (split_source<Source> && is_live<Source>())
        s.live_splits = source.splits().size();
      std::string text = "the output of source \"" + s.name + "\"";
      const std::size_t to = begin_.add(
          std::move(s), std::unique_ptr<stage_maker>(new detail::source_maker<Source, EventTime>(
                            std::move(source), std::move(times))));
      return stream<typename Source::record_type>(begin_.output_of(to, std::move(text)));
    }
  }

  const std::string& name() const { return begin_.plan().name; }

  /// The plan behind the graph, brought up to date.
  leat::plan& plan() { return begin_.finished_plan(); }

  /// All faults at once; empty if the graph can run.
  std::vector<error> validate() { return plan().validate(); }

private:
  detail::handle begin_;
};

} // namespace leat
