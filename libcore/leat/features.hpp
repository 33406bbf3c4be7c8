// The input of models: a record's feature fields as a row of floats, in the order of declaration.
#pragma once

#include <leat/record.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace leat {

/// The number of feature fields that T declares: the width of its row.
template <record T>
inline constexpr std::size_t feature_count = [] {
  std::size_t count = 0;
  for_each_field<T>([&](const auto& f) { count += f.is_feature; });
  return count;
}();

/// The names of T's feature fields.
template <record T>
constexpr std::array<std::string_view, feature_count<T>> feature_names() {
  std::array<std::string_view, feature_count<T>> names{};
  std::size_t next = 0;
  for_each_field<T>([&](const auto& f) {
    if (f.is_feature)
      names[next++] = f.name;
  });
  return names;
}

/// Writes the row of `from` to `row[0 .. feature_count<T>)` and returns the end of it. Integers
/// beyond 2^24 and doubles are rounded to the nearest float; NaN stays NaN and means "missing".
template <record T>
float* copy_features(const T& from, float* row) {
  for_each_field<T>([&](const auto& f) {
    if constexpr (std::is_arithmetic_v<typename std::decay_t<decltype(f)>::value_type>)
      if (f.is_feature)
        *row++ = static_cast<float>(from.*f.member);
  });
  return row;
}

} // namespace leat
