#include <leat/detail/plan/guarantees.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

stage_guarantee of_source(const plan_stage& s) {
  if (s.kind.delivery == source_delivery::replayable)
    return {s.name, guarantee::exactly_once, "as it is read again from the checkpoint on"};
  return {s.name, guarantee::at_most_once,
          "as it cannot be read again: what came after the last checkpoint is lost in a crash"};
}

stage_guarantee of_sink(const plan_stage& s) {
  switch (s.kind.publication) {
  case sink_publication::by_epoch:
    return {s.name, guarantee::exactly_once, "as its records appear with their checkpoint"};
  case sink_publication::by_epoch_with_keys:
    return {s.name, guarantee::at_least_once,
            "as the records of a checkpoint may be sent again, with the same keys: once for a "
            "receiver that remembers them"};
  default:
    return {s.name, guarantee::at_least_once,
            "as it publishes at once: records may come again after a crash"};
  }
}

} // namespace

std::string_view text_of(guarantee g) {
  switch (g) {
  case guarantee::at_most_once:
    return "at most once";
  case guarantee::at_least_once:
    return "at least once";
  default:
    return "exactly once";
  }
}

std::vector<stage_guarantee> guarantees(const plan& p) {
  std::vector<stage_guarantee> all;
  for (const plan_stage& s : p.stages)
    if (s.kind.is_source)
      all.push_back(of_source(s));
    else if (s.kind.is_sink)
      all.push_back(of_sink(s));
    else if (!s.kind.is_saved_whole)
      all.push_back({s.name, {}, "variables of a custom actor are not saved"});
  return all;
}

std::string text_of(const stage_guarantee& g) {
  return g.level ? fmt::format("{}: {}, {}", g.stage, text_of(*g.level), g.why)
                 : fmt::format("{}: {}", g.stage, g.why);
}

} // namespace leat
