// SHA-256 (FIPS 180-4): names models and data by their content.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace leat {

/// The digest of a stream of bytes. One thread at a time.
class sha256 {
public:
  sha256();

  void update(std::string_view bytes);

  /// The digest of all bytes so far: 64 lower-case hex digits. More bytes may follow.
  std::string hex() const;

private:
  struct state;
  struct release {
    void operator()(state* s) const;
  };
  std::unique_ptr<state, release> state_;
};

/// The digest of `bytes`.
std::string sha256_hex(std::string_view bytes);

} // namespace leat
