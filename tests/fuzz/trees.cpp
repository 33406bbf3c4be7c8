// XGBoost's models, in JSON and UBJ.
#include "fuzz/models.hpp"

#include <leat/scoring/readers/tree_ensemble.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_model<leat::tree_ensemble>(fuzz::text_of(data, size));
  return 0;
}
