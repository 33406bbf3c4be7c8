#include <leat/scoring/readers/sha256.hpp>

#include <leat/error.hpp>

#include <openssl/evp.h>

#include <array>

namespace leat {
namespace {

/// OpenSSL fails here only without memory, or where an administrator has forbidden SHA-256.
void require(bool done) {
  if (!done)
    throw failure(internal_error("OpenSSL cannot compute SHA-256 on this machine"));
}

struct free_context {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using context_ptr = std::unique_ptr<EVP_MD_CTX, free_context>;

context_ptr new_context() {
  context_ptr context(EVP_MD_CTX_new());
  require(context != nullptr);
  return context;
}

} // namespace

struct sha256::state {
  context_ptr context = new_context();
};

void sha256::release::operator()(state* s) const { delete s; }

sha256::sha256() : state_(new state) {
  require(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}

void sha256::update(std::string_view bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string sha256::hex() const {
  const context_ptr copy = new_context(); // finishing a copy lets this one go on
  require(EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()) == 1);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(copy.get(), digest.data(), &size) == 1);

  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * size);
  for (unsigned int i = 0; i < size; ++i) {
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 0xf];
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

} // namespace leat
