#include <leat/context.hpp>

#include <leat/error.hpp>

namespace leat::detail {

void state_never_set(std::string_view handle) {
  // leat::KIND_state<ARGUMENTS> is made by setup.KIND<ARGUMENTS>(name)
  const auto kind = handle.find("leat::") + 6;
  const auto arguments = handle.find("_state<");
  const std::string make(handle.substr(kind, arguments - kind));
  throw failure(user_error("a state handle of type " + std::string(handle) + " was never set",
                           "assign it in the operator's open(): handle = setup." + make +
                               std::string(handle.substr(arguments + 6)) + "(\"name\")"));
}

void timer_never_set(std::string_view kind) {
  const std::string name(kind);
  throw failure(
      user_error("a leat::" + name + " was never set",
                 "assign it in the operator's open(): handle = setup." + name + "(\"name\")"));
}

} // namespace leat::detail
