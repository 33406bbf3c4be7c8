#include <leat/detail/runtime/messages.hpp>

#include "support/catch.hpp"

namespace {

template <class Message>
Message after_a_journey(Message m) {
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::vector<char> bytes;
  caf::binary_serializer to(system, bytes);
  REQUIRE_FALSE(to(m));
  Message came;
  caf::binary_deserializer from(system, bytes);
  REQUIRE_FALSE(from(came));
  return came;
}

} // namespace

TEST_CASE("a command and what becomes of it travel between processes") {
  const leat::command c{"pane", "batching", std::string("every:1s\0", 9)};
  CHECK(after_a_journey(leat::prepare_message{c}).what == c);
  const auto good = after_a_journey(leat::prepare_answer_message{7});
  CHECK(good.subtask == 7);
  CHECK_FALSE(good.refused);
  const auto bad = after_a_journey(leat::prepare_answer_message{
      8, true, {leat::error_domain::external, "what", "hint", "pane", true}});
  CHECK(bad.subtask == 8);
  CHECK(bad.refused);
  CHECK(bad.why.domain == leat::error_domain::external);
  CHECK(to_string(bad.why) == "pane: what\n  hint: hint");
  CHECK(bad.why.retry);
}
