// What holds for every model that was read, whatever is in its file.
#pragma once

#include "fuzz/fuzz.hpp"

#include <leat/scoring/row_model.hpp>

#include <bit>
#include <limits>

namespace fuzz {

inline bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// A row's score is the same alone and among others. Rows may be refused, with a reason.
template <leat::row_scorer Model>
void require_batch_invariant(const Model& model) {
  const std::size_t width = model.shape().features;
  const std::size_t outputs = model.shape().outputs;
  if (width * outputs > 1 << 16)
    return; // slow, and no other code
  constexpr float strange[] = {0,
                               -1.5F,
                               std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::infinity(),
                               -std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::max(),
                               std::numeric_limits<float>::denorm_min()};
  constexpr std::size_t rows = 5;
  std::vector<float> features(rows * width), together(rows * outputs), alone(outputs);
  for (std::size_t i = 0; i < features.size(); ++i)
    features[i] = strange[(i * 5 + i / width) % std::size(strange)];
  try {
    model.predict(features, together);
    for (std::size_t r = 0; r < rows; ++r) {
      model.predict(std::span(features).subspan(r * width, width), alone);
      for (std::size_t o = 0; o < outputs; ++o)
        require(same_bits(alone[o], together[r * outputs + o]), "scores are batch-invariant");
    }
  } catch (const leat::failure& f) {
    require(!f.error().what.empty(), "a refused row is told why");
  }
}

/// Bytes are a model that scores rows, or an error.
template <leat::row_scorer Model>
void check_model(std::string_view bytes) {
  const auto model = Model::parse(bytes, "fuzz");
  if (!model)
    return require(!model.error().what.empty(), "a refused model is told why");
  require(model->shape().features > 0 && model->shape().outputs > 0, "a model has a shape");
  require_batch_invariant(*model);
}

} // namespace fuzz
