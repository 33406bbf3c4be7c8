// Records by key and window: what the records of a window come to together.
#pragma once

#include <leat/aggregates.hpp>
#include <leat/detail/window/window_operator.hpp>
#include <leat/keyed_stream.hpp>

#include <span>

namespace leat {

namespace detail {

/// All records of a window, in the order in which they came.
template <class T>
struct collected {
  std::vector<T> records;
  void add(const T& record) { records.push_back(record); }
  void merge(const collected& later) {
    records.insert(records.end(), later.records.begin(), later.records.end());
  }
  std::span<const T> result() const { return records; }
  static constexpr auto fields =
      leat::fields("collected", leat::field("records", &collected::records));
};

template <class K, class A>
struct emit_result {
  using output_type = windowed<K, std::remove_cvref_t<decltype(std::declval<const A&>().result())>>;
  void operator()(const K& key, const time_window& w, const A& value,
                  emitter<output_type>& out) const {
    out({key, w.start, w.end, value.result()});
  }
};

template <class K, class T, class Out, class F>
struct emit_applied {
  using output_type = Out;
  F f;
  void operator()(const K& key, const time_window& w, const collected<T>& all,
                  emitter<Out>& out) const {
    f(key, w, all.result(), out);
  }
};

} // namespace detail

/// Records of type T partitioned by key and window.
template <class T, class Chain, class KeyOf, class Windows>
class [[nodiscard]] windowed_stream : public detail::refused_verbs<detail::windowed_refusal> {
  using key_type = std::remove_cvref_t<std::invoke_result_t<const KeyOf&, const T&>>;

public:
  /// Called by keyed_stream::window.
  windowed_stream(keyed_stream<T, Chain, KeyOf> of, std::string name, Windows windows,
                  const window_options& options)
      : of_(std::move(of)), name_(std::move(name)),
        windows_(std::move(windows)), options_{.parallelism = options.parallelism} {}

  /// Folds each record into an aggregate when it comes, and emits the result of each window: see
  /// window.hpp for what A is, and aggregates.hpp for those there are.
  template <class A>
  auto aggregate() && {
    if constexpr (!aggregate_of<A, T>) {
      static_assert(detail::no<A>,
                    "aggregate<A>(): A has void add(const record&), void merge(const "
                    "A&) and auto result() const");
      return detail::broken{};
    } else {
      return std::move(*this).template add<A>(detail::emit_result<key_type, A>{});
    }
  }

  /// Keeps the records of each window, and calls `f(key, time_window, std::span<const T>,
  /// leat::emitter<Out>&)` when it fires. Records stand in the order in which they came.
  template <class Out, class F>
  auto apply(F f) && {
    if constexpr (!std::is_invocable_v<const F&, const key_type&, const time_window&,
                                       std::span<const T>, emitter<Out>&>) {
      static_assert(detail::no<F>,
                    "apply<Out>(f): f takes (const key&, const leat::time_window&, "
                    "std::span<const record>, leat::emitter<Out>&) and is const itself");
      return detail::broken{};
    } else {
      return std::move(*this).template add<detail::collected<T>>(
          detail::emit_applied<key_type, T, Out, F>{std::move(f)});
    }
  }

private:
  template <class A, class Emit>
  auto add(Emit emit) && {
    using op = detail::window_operator<key_type, T, Windows, A, Emit>;
    std::string text = windows_.text();
    return of_.add(kinds::window, std::move(text), std::move(name_),
                   op(std::move(windows_), std::move(emit)), options_);
  }

  keyed_stream<T, Chain, KeyOf> of_;
  std::string name_;
  Windows windows_;
  stage_options options_;
};

} // namespace leat
