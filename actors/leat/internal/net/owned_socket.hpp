// A socket that is closed with its owner.
#pragma once

#include <unistd.h>
#include <utility>

namespace leat {

class owned_socket {
public:
  owned_socket() = default;
  explicit owned_socket(int number) : number_(number) {}
  owned_socket(owned_socket&& other) noexcept : number_(other.release()) {}
  owned_socket& operator=(owned_socket&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~owned_socket() {
    if (number_ >= 0)
      ::close(number_);
  }

  explicit operator bool() const { return number_ >= 0; }
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

private:
  int number_ = -1;
};

} // namespace leat
