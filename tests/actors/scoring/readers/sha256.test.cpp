#include <leat/scoring/readers/sha256.hpp>

#include "support/catch.hpp"

// The examples of FIPS 180-4.
TEST_CASE("SHA-256 of known texts") {
  CHECK(leat::sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(leat::sha256_hex("abc") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(leat::sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("SHA-256 takes its bytes in pieces") {
  leat::sha256 digest;
  for (int i = 0; i < 1000; ++i)
    digest.update(std::string(1000, 'a'));
  CHECK(digest.hex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 can be asked more than once") {
  leat::sha256 digest;
  digest.update("ab");
  CHECK(digest.hex() == leat::sha256_hex("ab"));
  CHECK(digest.hex() == leat::sha256_hex("ab"));
  digest.update("c");
  CHECK(digest.hex() == leat::sha256_hex("abc"));
}
