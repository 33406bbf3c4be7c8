// What the wrong programs are made of.
#pragma once

#include <leat/graph.hpp>

struct item {
  std::int64_t id = 0;
  static constexpr auto fields = leat::fields("item", leat::field("id", &item::id));
};

struct items {
  using record_type = item;
  leat::pull_status pull(std::size_t, leat::emitter<item>&) { return leat::pull_status::done(); }
};

struct same {
  using output_type = item;
  void process(const item& i, leat::emitter<item>& out, leat::context&) { out(i); }
};

struct zero {
  using score_type = float;
  void predict(std::span<const item>, std::span<float>) const {}
};

struct sink {
  void write(std::span<const item>) {}
};

struct any_sink {
  template <class T>
  void write(std::span<const T>) {}
};

struct scored_sink {
  void write(std::span<const leat::scored<item>>) {}
};

inline auto by_id = [](const item& i) { return i.id; };
