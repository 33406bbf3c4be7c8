// What a source stage calls that knows the type of the records: the source, its readers, event
// times.
#pragma once

#include <leat/detail/record/fingerprint.hpp>
#include <leat/detail/record/plain_bytes.hpp>
#include <leat/detail/record/type_name.hpp>
#include <leat/detail/stage/source_stage.hpp>
#include <leat/detail/transport/frame_codec.hpp>
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

/// Whether all splits of a source can go on where they were.
template <class S>
bool is_replayable(const S& source) {
  constexpr bool can_seek = replayable_reader<typename split_of<S>::type>;
  if constexpr (requires {
                  { source.replayable() } -> std::same_as<bool>;
                })
    return can_seek && source.replayable();
  return can_seek;
}

/// How to save records that a source has read and cannot emit yet: those of several splits wait for
/// each other, and a thread reads whole frames. Null if there are none. An error if they cannot be
/// encoded.
template <class S>
result<const row_codec*> codec_of_read_ahead(const std::string& stage) {
  using T = typename S::record_type;
  const row_codec* codec = nullptr;
  if constexpr (split_source<S> || blocks<S>()) {
    codec = row_codec_of<T>();
    if (!codec)
      return user_error("records of type " + type_name<T>() + " that source \"" + stage +
                            "\" reads ahead cannot be saved",
                        "declare the fields of the type");
  }
  return codec;
}

/// A split of a source of type S.
template <class S>
class typed_split final : public split_reader {
  using reader = typename split_of<S>::type;
  using T = typename S::record_type;

public:
  explicit typed_split(reader r) : reader_(std::move(r)), output_(fanout{}) {}

  stage_output& output() override { return output_; }

  std::string name() const override {
    if constexpr (requires {
                    { reader_.name() } -> std::convertible_to<std::string>;
                  })
      return reader_.name();
    return {};
  }

  result<void> open(waker wake, std::string_view position) override {
    if constexpr (requires { reader_.open(wake); })
      reader_.open(std::move(wake));
    if (position.empty())
      return {};
    return seek(position);
  }

  pull_status pull(std::size_t demand, stage_output& out) override {
    const std::size_t before = out.gathered().size();
    const pull_status answer = reader_.pull(demand, static_cast<emitter<T>&>(out));
    if (out.gathered().size() > before)
      out.waiting_for({});
    return answer;
  }

  std::string position() const override {
    std::string to;
    if constexpr (replayable_reader<reader>)
      if (is_replayable(reader_)) {
        const auto here = reader_.position();
        append_binary(to, type_text<std::remove_cvref_t<decltype(here)>>());
        append_binary(to, here);
      }
    return to;
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
  result<void> seek(std::string_view position) {
    if constexpr (replayable_reader<reader>)
      if (is_replayable(reader_)) {
        using place = std::remove_cvref_t<decltype(reader_.position())>;
        const auto bytes = position_now(position, detail::history_of<place>());
        byte_cursor from(bytes ? std::string_view(*bytes) : std::string_view());
        place saved{};
        if (bytes && read_binary(from, saved) && from.left() == 0)
          return reader_.seek(saved);
      }
    return not_a_position();
  }

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

  std::vector<std::unique_ptr<split_reader>> readers() override {
    std::vector<std::unique_ptr<split_reader>> all;
    const auto add = [&](auto& reader) {
      all.push_back(std::unique_ptr<split_reader>(new typed_split<S>(std::move(reader))));
    };
    if constexpr (split_source<S>) {
      auto splits = source_.splits();
      for (auto& s : splits)
        add(s);
    } else {
      add(source_);
    }
    return all;
  }

  result<const row_codec*> codec(const std::string& stage) const override {
    return codec_of_read_ahead<S>(stage);
  }

private:
  S source_;
  emitter<typename S::record_type> output_;
};

/// The watermarks of a split by a function, or by a strategy with a state.
template <class T, class W>
class typed_watermarks final : public split_watermarks {
public:
  explicit typed_watermarks(W watermark) : watermark_(std::move(watermark)) {}

  void read(const rows& records, std::size_t first, std::span<event_time> to) override {
    const std::span<const T> of = records.as<T>().subspan(first);
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = watermark_(of[i]);
  }
  bool has_state() const override { return !watermark_of<W, T>; }
  void save(std::string& to) const override {
    if constexpr (!watermark_of<W, T>)
      append_binary(to, watermark_);
  }
  bool load(byte_cursor& from) override {
    if constexpr (!watermark_of<W, T>)
      return read_binary(from, watermark_);
    return true;
  }

private:
  W watermark_;
};

template <class T, class EventTime>
class typed_times final : public record_times {
public:
  explicit typed_times(EventTime times)
      : record_times(bound_of(times), times.idle_after, times.max_drift), times_(std::move(times)) {
  }

  std::unique_ptr<split_watermarks> watermarks() const override {
    if constexpr (with_watermarks<EventTime>)
      return std::unique_ptr<split_watermarks>(
          new typed_watermarks<T, decltype(times_.watermark)>(times_.watermark));
    return nullptr;
  }

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
