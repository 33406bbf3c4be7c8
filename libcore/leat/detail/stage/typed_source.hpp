// What a source stage calls that knows the type of the records: the source, its readers, event
// times.
#pragma once

#include <leat/detail/stage/source_stage.hpp>
#include <leat/source.hpp>

namespace leat {

/// The type of a source's readers: that of its splits, or its own.
template <class S>
struct split_of {
  using type = S;
};
template <split_source S>
struct split_of<S> {
  using type = std::remove_cvref_t<decltype(std::declval<S&>().splits().front())>;
};

/// A split of a source of type S.
template <class S>
class typed_split final : public split_reader {
  using reader = typename split_of<S>::type;
  using T = typename S::record_type;

public:
  explicit typed_split(reader r) : reader_(std::move(r)), output_(fanout{}) {}

  stage_output& output() override { return output_; }

  void open(waker wake) override {
    if constexpr (requires { reader_.open(wake); })
      reader_.open(std::move(wake));
  }

  pull_status pull(std::size_t demand, stage_output& out) override {
    const std::size_t before = out.gathered().size();
    const pull_status answer = reader_.pull(demand, static_cast<emitter<T>&>(out));
    if (out.gathered().size() > before)
      out.waiting_for({});
    return answer;
  }

  /// If the source declares that its readers may: this one does too, unless it says otherwise.
  bool may_block() const override {
    if constexpr (requires {
                    { reader_.may_block() } -> std::same_as<bool>;
                  })
      return blocks<S>() && reader_.may_block();
    return blocks<S>();
  }

  bool cancel() override {
    if constexpr (requires { reader_.cancel(); }) {
      reader_.cancel();
      return true;
    }
    return false;
  }

private:
  reader reader_;
  emitter<T> output_;
};

template <class S>
class typed_source final : public any_source {
public:
  typed_source(S source, fanout to) : source_(std::move(source)), output_(std::move(to)) {}

  stage_output& output() override { return output_; }

  double rate() override {
    if constexpr (requires {
                    { source_.rate() } -> std::convertible_to<double>;
                  })
      return source_.rate();
    return 0;
  }

  void add_splits(source_stage& to, const stage_services& services) override {
    const auto add = [&](std::size_t number, auto reader) {
      to.add_split(static_cast<std::uint32_t>(number),
                   std::unique_ptr<split_reader>(new typed_split<S>(std::move(reader))));
    };
    if constexpr (split_source<S>) {
      auto all = source_.splits();
      for (std::size_t i = services.subtask; i < all.size(); i += services.subtasks)
        add(i, std::move(all[i]));
    } else if (services.subtask == 0) {
      add(0, std::move(source_));
    }
  }

private:
  S source_;
  emitter<typename S::record_type> output_;
};

template <class T, class EventTime>
class typed_times final : public record_times {
public:
  explicit typed_times(EventTime times)
      : record_times(times.out_of_order, times.idle_after), times_(std::move(times)) {}

  void read(const rows& records, std::size_t first, std::span<event_time> to) const override {
    const std::span<const T> of = records.as<T>().subspan(first);
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = times_.of(of[i]);
  }

private:
  EventTime times_;
};

template <class S, class EventTime>
std::unique_ptr<source_stage> make_source_stage(S source, EventTime times, fanout to) {
  std::unique_ptr<const record_times> of;
  if constexpr (!std::is_same_v<EventTime, no_event_time>)
    of.reset(new typed_times<typename S::record_type, EventTime>(std::move(times)));
  std::unique_ptr<any_source> typed(new typed_source<S>(std::move(source), std::move(to)));
  return std::unique_ptr<source_stage>(new source_stage(std::move(typed), std::move(of)));
}

} // namespace leat
