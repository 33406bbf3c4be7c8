// Linear and logistic models.
#include "fuzz/models.hpp"

#include <leat/scoring/linear.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_model<leat::linear_model>(fuzz::text_of(data, size));
  return 0;
}
