// Records of two streams that are in one window.
#pragma once

#include <leat/detail/window/window_operator.hpp>
#include <leat/join.hpp>

#include <vector>

namespace leat::detail {

/// A record of the right stream, apart from those of the left one also where they are of one type.
template <class R>
struct of_right {
  const R& record;
};

/// The records of a window, of each stream in the order in which they came.
template <class L, class R>
struct both_sides {
  std::vector<L> left;
  std::vector<R> right;

  void add(const L& record) { left.push_back(record); }
  void add(const of_right<R>& r) { right.push_back(r.record); }
  void merge(const both_sides& later) {
    left.insert(left.end(), later.left.begin(), later.left.end());
    right.insert(right.end(), later.right.begin(), later.right.end());
  }
  static constexpr auto fields = leat::fields("both_sides", leat::field("left", &both_sides::left),
                                              leat::field("right", &both_sides::right));
};

/// Emits all pairs, left ones in their order, for each the right ones in theirs.
template <class K, class L, class R>
struct emit_pairs {
  using output_type = joined<L, R>;
  join_kind kind;

  void operator()(const K&, const time_window&, const both_sides<L, R>& all,
                  emitter<output_type>& out) const {
    for (const L& left : all.left)
      for (const R& right : all.right)
        out({left, right});
    if (kind != join_kind::inner && all.right.empty())
      for (const L& left : all.left)
        out({left, {}});
    if (kind == join_kind::full && all.left.empty())
      for (const R& right : all.right)
        out({{}, right});
  }
};

template <class K, class L, class R, class Windows>
class window_join
    : public window_firing_operator<K, Windows, both_sides<L, R>, emit_pairs<K, L, R>> {
  using base = window_firing_operator<K, Windows, both_sides<L, R>, emit_pairs<K, L, R>>;

public:
  using typename base::output_type;
  window_join(Windows windows, join_kind kind)
      : base(std::move(windows), emit_pairs<K, L, R>{kind}) {}

  void open(setup& s) {
    base::open(s);
    late_left_ = s.side<L>("late_left");
    late_right_ = s.side<R>("late_right");
  }
  result<void> process_left(const L& record, emitter<output_type>&, event_context& ctx) {
    return this->put(record, late_left_, ctx);
  }
  result<void> process_right(const R& record, emitter<output_type>&, event_context& ctx) {
    return this->put(record, of_right<R>{record}, late_right_, ctx);
  }

private:
  side_output<L> late_left_;
  side_output<R> late_right_;
};

} // namespace leat::detail
