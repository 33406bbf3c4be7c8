#include <leat/error.hpp>

namespace leat {

error user_error(std::string what, std::string hint) {
  return {error_domain::user, std::move(what), std::move(hint)};
}

error external_error(std::string what, std::string hint, bool retry) {
  return {error_domain::external, std::move(what), std::move(hint), {}, retry};
}

error internal_error(std::string what) { return {error_domain::internal, std::move(what)}; }

std::string to_string(const error& e) {
  std::string text = e.stage.empty() ? e.what : e.stage + ": " + e.what;
  if (!e.hint.empty())
    text += "\n  hint: " + e.hint;
  return text;
}

namespace detail {

kept_error::kept_error(error e) : at_(new error(std::move(e))) {}

kept_error::kept_error(const kept_error& other)
    : at_(other.at_ ? new error(*other.at_) : nullptr) {}

void kept_error::release() { delete at_; }

} // namespace detail

} // namespace leat
