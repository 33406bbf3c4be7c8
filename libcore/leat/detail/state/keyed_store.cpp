#include <leat/detail/state/keyed_store.hpp>

namespace leat::detail {

template class keyed_store<std::int32_t>;
template class keyed_store<std::uint32_t>;
template class keyed_store<std::int64_t>;
template class keyed_store<std::uint64_t>;
template class keyed_store<std::string>;

} // namespace leat::detail
