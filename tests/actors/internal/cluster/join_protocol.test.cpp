#include <leat/internal/cluster/join_protocol.hpp>

#include "support/catch.hpp"
#include "support/limits.hpp"

#include <rapidcheck.h>

using namespace leat;
using Catch::Matchers::StartsWith;

namespace {

std::vector<std::string> arbitrary_texts() {
  return *rc::gen::arbitrary<std::vector<std::string>>();
}

joined_node arbitrary_node() {
  return {*rc::gen::arbitrary<std::string>(), *rc::gen::arbitrary<std::uint32_t>(),
          arbitrary_texts(), *rc::gen::arbitrary<std::string>()};
}

template <class T, class Make>
std::vector<T> some(Make make) {
  std::vector<T> all(*rc::gen::inRange<std::size_t>(0, 4));
  for (T& each : all)
    each = make();
  return all;
}

/// The bytes of an arbitrary message of each kind.
std::vector<std::string> arbitrary_messages() {
  join_answer answer;
  answer.refusal = *rc::gen::arbitrary<std::string>();
  answer.term = *rc::gen::arbitrary<std::uint64_t>();
  answer.node = *rc::gen::arbitrary<std::uint32_t>();
  answer.nodes = some<joined_node>(arbitrary_node);
  answer.arguments = arbitrary_texts();
  answer.files = some<shipped_file>([] {
    return shipped_file{*rc::gen::arbitrary<std::string>(), *rc::gen::arbitrary<std::string>(),
                        *rc::gen::arbitrary<std::uint64_t>()};
  });
  return {as_bytes(join_request{
              *rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint64_t>(),
              *rc::gen::arbitrary<std::uint32_t>(), arbitrary_texts(),
              *rc::gen::arbitrary<std::string>(), *rc::gen::arbitrary<std::string>()}),
          as_bytes(answer),
          as_bytes(file_request{*rc::gen::arbitrary<std::uint32_t>()}),
          as_bytes(readiness{*rc::gen::arbitrary<std::uint64_t>()}),
          as_bytes(
              greeting{*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint32_t>()}),
          as_bytes(preparation{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<std::string>(),
                               *rc::gen::arbitrary<std::string>()})};
}

/// True if the bytes are refused, or are those of the message that they make.
template <class Message>
bool refused_or_valid(std::string_view bytes) {
  const auto m = from_bytes<Message>(bytes);
  return m ? as_bytes(*m) == bytes
           : m.error().what == "it did not send a valid " + std::string(Message::fields.record);
}

bool refused_or_valid_as_any(std::string_view bytes) {
  return refused_or_valid<join_request>(bytes) && refused_or_valid<join_answer>(bytes) &&
         refused_or_valid<file_request>(bytes) && refused_or_valid<readiness>(bytes) &&
         refused_or_valid<greeting>(bytes) && refused_or_valid<preparation>(bytes);
}

template <class Message>
bool is_refused(std::string_view bytes) {
  return !from_bytes<Message>(bytes);
}

joined_node good_node() { return {"a", 1, {"ssd", "zone=eu-1"}, "10.0.0.1:7000"}; }

std::string fault(const joined_node& n) {
  const auto good = check(n);
  return good ? "" : good.error().what;
}

} // namespace

TEST_CASE("a message is read as it was written, and no part of it is one") {
  CHECK(rc::check([] {
    const auto messages = arbitrary_messages();
    RC_ASSERT(from_bytes<join_request>(messages[0]));
    RC_ASSERT(from_bytes<join_answer>(messages[1]));
    RC_ASSERT(from_bytes<file_request>(messages[2]));
    RC_ASSERT(from_bytes<readiness>(messages[3]));
    RC_ASSERT(from_bytes<greeting>(messages[4]));
    for (const std::string& m : messages)
      RC_ASSERT(refused_or_valid_as_any(m));
    const auto cut = [](const std::string& m) {
      return std::string_view(m).substr(0, *rc::gen::inRange<std::size_t>(0, m.size()));
    };
    RC_ASSERT(is_refused<join_request>(cut(messages[0])));
    RC_ASSERT(is_refused<join_answer>(cut(messages[1])));
    RC_ASSERT(is_refused<join_answer>(messages[1] + "x"));
    RC_ASSERT(is_refused<greeting>(cut(messages[4])));
  }));
}

TEST_CASE("changed bytes of a message are refused, or are those of another message") {
  CHECK(rc::check([] {
    for (std::string bytes : arbitrary_messages()) {
      for (int changes = *rc::gen::inRange(1, 5); changes > 0; --changes)
        bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
      RC_ASSERT(refused_or_valid_as_any(bytes));
    }
    RC_ASSERT(refused_or_valid_as_any(*rc::gen::arbitrary<std::string>()));
  }));
}

TEST_CASE("a message takes no more memory than a small multiple of its bytes") {
#ifdef __SANITIZE_ADDRESS__
  WARN("SKIPPED: memory cannot be limited under AddressSanitizer");
  return;
#endif
  const int refused = support::with_little_memory([] {
    const std::string huge(9, '\xff'); // a length of 63 bits
    join_request r;
    std::string bytes = as_bytes(r);
    bytes.resize(bytes.size() - 2); // the labels and the address
    for (const std::string& length : {huge + "\x01", std::string("\xff\xff\xff\xff\x7f")})
      if (!is_refused<join_request>(bytes + length + std::string(1000, '\0')))
        return 1;
    return 0;
  });
  CHECK(refused == 0);
  const int taken =
      support::with_little_memory([] { // a message as long as there may be, all labels
        join_request r;
        r.labels.resize((1 << 20) - 100);
        return from_bytes<join_request>(as_bytes(r)) ? 0 : 1;
      });
  CHECK(taken == 0);
}

TEST_CASE("a node that others hear of has a name, slots, labels and an address") {
  CHECK(fault(good_node()).empty());
  joined_node n = good_node();
  n.slots = most_slots;
  n.labels.assign(64, std::string(63, 'x'));
  n.address = "[::1]:1";
  CHECK(fault(n).empty());

  for (const std::uint32_t slots : {0U, 1025U, 0xFFFFFFFFU}) {
    n = good_node();
    n.slots = slots;
    CHECK(fault(n) == std::to_string(slots) + " slots are not between 1 and 1024");
  }
  n = good_node();
  n.labels.assign(65, "x");
  CHECK(fault(n) == "65 labels exceed the maximum of 64");
  for (const std::string& label :
       {std::string(), std::string(64, 'x'), std::string("a b"), std::string("a\x1b[0m"),
        std::string("a,b"), std::string("\xc3\xa4"), std::string(1, '\0')}) {
    n = good_node();
    n.labels.push_back(label);
    CHECK_THAT(fault(n), StartsWith("invalid label "));
  }
  for (const char* address : {"", "10.0.0.1", "10.0.0.1:0", "a b:1", "::1:1"}) {
    n = good_node();
    n.address = address;
    CHECK_THAT(fault(n), StartsWith("invalid address "));
  }
  for (const char* address : {"0.0.0.0:7000", "[::]:7000", "0:7000"}) {
    n = good_node();
    n.address = address;
    CHECK(fault(n) == "others cannot connect to " + n.address);
  }
  n = good_node();
  n.name = "no name";
  CHECK_THAT(fault(n), StartsWith("invalid node name "));
}
