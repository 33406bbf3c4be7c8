#include <leat/state.hpp>

#include <leat/error.hpp>

namespace leat::detail {

void state_never_set(std::string_view value_type) {
  throw failure(user_error("a state handle of type leat::value_state<" + std::string(value_type) +
                               "> was never set",
                           "assign it in the operator's open(): handle = setup.value<" +
                               std::string(value_type) + ">(\"name\")"));
}

} // namespace leat::detail
