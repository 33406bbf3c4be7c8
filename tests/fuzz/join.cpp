// The messages by which nodes meet: any bytes are one of each kind or an error, and one that was
// read has the same bytes again. The first byte of an input says which kind is read.
#include "fuzz/fuzz.hpp"

#include <leat/internal/cluster/join_protocol.hpp>

namespace {

template <class Message>
void read(std::string_view bytes) {
  if (const auto m = leat::from_bytes<Message>(bytes))
    fuzz::require(leat::as_bytes(*m) == bytes, "a message is written as it was read");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const std::string_view bytes = fuzz::text_of(data + 1, size - 1);
  switch (data[0] % 6) {
  case 0:
    read<leat::join_request>(bytes);
    break;
  case 1:
    read<leat::join_answer>(bytes);
    break;
  case 2:
    read<leat::file_request>(bytes);
    break;
  case 3:
    read<leat::readiness>(bytes);
    break;
  case 4:
    read<leat::greeting>(bytes);
    break;
  default:
    read<leat::preparation>(bytes);
  }
  return 0;
}
