#include <leat/detail/record/key.hpp>

#define XXH_INLINE_ALL // keys are short: a call and a dispatch would cost more than the hash
#include <xxhash.h>

namespace leat::detail {

std::uint64_t hash_bytes(const void* data, std::size_t size) { return XXH3_64bits(data, size); }

} // namespace leat::detail
