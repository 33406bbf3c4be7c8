// Errors as values: problem, place, fix.
#pragma once

#include <cassert>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace leat {

/// Who can correct an error: the user (input, options, models), the environment (disk, network), or
/// the developers (a bug).
enum class error_domain { user, external, internal };

/// An error for people. `what` is one short sentence that names the file, line or option; `hint` is
/// the way to correct it; the runtime sets `stage` when a stage returned the error.
struct error {
  error_domain domain = error_domain::user;
  std::string what;
  std::string hint = {};
  std::string stage = {};
  bool retry = false; ///< the same call may succeed later
};

inline error user_error(std::string what, std::string hint = {}) {
  return {error_domain::user, std::move(what), std::move(hint)};
}
inline error external_error(std::string what, std::string hint = {}, bool retry = false) {
  return {error_domain::external, std::move(what), std::move(hint), {}, retry};
}
inline error internal_error(std::string what) { return {error_domain::internal, std::move(what)}; }

/// "stage: what", and a second line with the hint; without the parts that are empty.
inline std::string to_string(const error& e) {
  std::string text = e.stage.empty() ? e.what : e.stage + ": " + e.what;
  if (!e.hint.empty())
    text += "\n  hint: " + e.hint;
  return text;
}

/// A value or an error. `result<void>` holds success or an error.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(leat::error e) : state_(std::in_place_index<1>, std::move(e)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return assert(*this), *std::get_if<0>(&state_); }
  const T& operator*() const& { return assert(*this), *std::get_if<0>(&state_); }
  T&& operator*() && { return assert(*this), std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }
  const leat::error& error() const { return *std::get_if<1>(&state_); }

private:
  std::variant<T, leat::error> state_;
};

template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(leat::error e) : state_(std::move(e)) {}

  explicit operator bool() const { return state_.index() == 0; }
  const leat::error& error() const { return *std::get_if<1>(&state_); }

private:
  std::variant<std::monostate, leat::error> state_;
};

/// An error travelling as an exception, for places that cannot return one (constructors,
/// callbacks).
class failure : public std::runtime_error {
public:
  explicit failure(leat::error e) : std::runtime_error(e.what), error_(std::move(e)) {}
  const leat::error& error() const { return error_; }

private:
  leat::error error_;
};

} // namespace leat
