#include <leat/detail/stage/source_alignment.hpp>

namespace leat {

source_alignment::~source_alignment() = default;

} // namespace leat
