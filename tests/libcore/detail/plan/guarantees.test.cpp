#include <leat/detail/plan/guarantees.hpp>

#include "support/catch.hpp"

TEST_CASE("what holds after a crash follows from what sources and sinks declare") {
  leat::plan p;
  const auto add = [&p](std::string name, leat::stage_kind kind) {
    leat::plan_stage& s = p.stages.emplace_back();
    s.name = std::move(name);
    s.kind = kind;
  };
  leat::stage_kind replayable = leat::kinds::source, by_epoch = leat::kinds::sink,
                   with_keys = leat::kinds::sink;
  replayable.delivery = leat::source_delivery::replayable;
  by_epoch.publication = leat::sink_publication::by_epoch;
  with_keys.publication = leat::sink_publication::by_epoch_with_keys;
  add("file", replayable);
  add("socket", leat::kinds::source);
  add("count", leat::kinds::keyed);
  add("ask", leat::kinds::actor);
  add("parts", by_epoch);
  add("posts", with_keys);
  add("print", leat::kinds::sink);

  std::string text;
  for (const leat::stage_guarantee& g : leat::guarantees(p))
    text += text_of(g) + '\n';
  CHECK(text == "file: exactly once, as it is read again from the checkpoint on\n"
                "socket: at most once, as it cannot be read again: what came after the last "
                "checkpoint is lost in a crash\n"
                "ask: variables of a custom actor are not saved\n"
                "parts: exactly once, as its records appear with their checkpoint\n"
                "posts: at least once, as the records of a checkpoint may be sent again, with the "
                "same keys: once for a receiver that remembers them\n"
                "print: at least once, as it publishes at once: records may come again after a "
                "crash\n");
}
