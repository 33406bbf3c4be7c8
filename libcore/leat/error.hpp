// Errors as values: problem, place, fix.
#pragma once

#include <cassert>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

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

error user_error(std::string what, std::string hint = {});
error external_error(std::string what, std::string hint = {}, bool retry = false);
error internal_error(std::string what);

/// "stage: what", and a second line with the hint; without the parts that are empty.
std::string to_string(const error& e);

namespace detail {

/// An error in one word, since results are mostly good.
class kept_error {
public:
  kept_error() = default;
  explicit kept_error(error e);
  kept_error(const kept_error& other);
  kept_error(kept_error&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
  kept_error& operator=(kept_error other) noexcept {
    std::swap(at_, other.at_);
    return *this;
  }
  ~kept_error() {
    if (at_) [[unlikely]]
      release();
  }

  explicit operator bool() const { return at_ != nullptr; }
  const error& operator*() const { return *at_; }

private:
  void release();

  error* at_ = nullptr;
};

} // namespace detail

/// A value or an error. `result<void>` holds success or an error.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : good_(true), value_(std::move(value)) {}
  result(leat::error e) : good_(false), error_(std::move(e)) {}
  result(const result& other) requires std::is_copy_constructible_v<T> : good_(other.good_) {
    if (good_)
      new (&value_) T(other.value_);
    else
      new (&error_) detail::kept_error(other.error_);
  }
  result(result&& other) noexcept(std::is_nothrow_move_constructible_v<T>) : good_(other.good_) {
    if (good_)
      new (&value_) T(std::move(other.value_));
    else
      new (&error_) detail::kept_error(std::move(other.error_));
  }
  result& operator=(result other) {
    this->~result();
    new (this) result(std::move(other));
    return *this;
  }
  ~result() {
    if (good_)
      value_.~T();
    else
      error_.~kept_error();
  }

  explicit operator bool() const { return good_; }
  T& operator*() & { return assert(good_), value_; }
  const T& operator*() const& { return assert(good_), value_; }
  T&& operator*() && { return assert(good_), std::move(value_); }
  T* operator->() { return &**this; }
  const T* operator->() const { return &**this; }
  const leat::error& error() const { return *error_; }

private:
  bool good_;
  union {
    T value_;
    detail::kept_error error_;
  };
};

template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(leat::error e) : error_(std::move(e)) {}

  explicit operator bool() const { return !error_; }
  const leat::error& error() const { return *error_; }

private:
  detail::kept_error error_;
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
