#include <leat/internal/runtime/restoring.hpp>

#include <leat/internal/checkpoint/simulated_files.hpp>

#include "support/catch.hpp"

using namespace leat;

namespace {

void save(manifest& m, std::string stage, std::uint32_t subtasks, bool held = false,
          bool ended = false, std::uint32_t number = 0) {
  for (std::uint32_t i = 0; i < subtasks; ++i)
    m.subtasks.push_back({stage,
                          i,
                          subtasks,
                          {"1-1/" + stage + std::to_string(i), 0, 0},
                          ended,
                          false,
                          held,
                          number});
}

void plan_stage_of(std::vector<planned_subtask>& all, std::string stage, std::size_t subtasks,
                   bool is_source = false) {
  const auto number = all.empty() ? 0u : all.back().blueprint.settings.services.stage_number + 1;
  for (std::size_t i = 0; i < subtasks; ++i) {
    planned_subtask& p = all.emplace_back();
    p.stage = stage;
    p.is_source = is_source;
    p.blueprint.settings.services.subtask = i;
    p.blueprint.settings.services.subtasks = subtasks;
    p.blueprint.settings.services.stage_number = number;
    p.blueprint.settings.ordered = true;
    p.blueprint.settings.ports.resize(1);
    p.leads_to_order = {true};
    p.channels.resize(is_source ? 0 : 1);
  }
}

std::string error_of(const result<void>& r) { return r ? "" : r.error().what; }

} // namespace

TEST_CASE("a subtask reads its own state, or those of all if the parallelism has changed") {
  manifest m;
  save(m, "source", 2);
  save(m, "sums", 2);
  save(m, "out", 3);
  std::vector<planned_subtask> all;
  plan_stage_of(all, "source", 2, true);
  plan_stage_of(all, "sums", 2);
  plan_stage_of(all, "out", 1);
  simulated_files files(1);
  restore({"folder", m}, false, files, all);
  std::vector<std::size_t> read;
  for (const planned_subtask& p : all)
    read.push_back(p.blueprint.saved_states.size());
  CHECK(read == std::vector<std::size_t>{2, 2, 1, 1, 3});
  for (const planned_subtask& p : all)
    CHECK_FALSE(p.blueprint.settings.ports[0].carried.stamps);
  restore({"folder", m}, true, files, all);
  for (const planned_subtask& p : all)
    CHECK(p.blueprint.settings.ports[0].carried.stamps);
}

TEST_CASE(
    "stamps are needed where a single channel brings records that are compared with held ones") {
  manifest m;
  save(m, "sums", 2, true);
  std::vector<planned_subtask> all;
  plan_stage_of(all, "sums", 1);
  CHECK(needs_stamps(m, all));
  all[0].blueprint.settings.ordered = false; // by arrival
  CHECK_FALSE(needs_stamps(m, all));
  all[0].blueprint.settings.ordered = true;
  all[0].channels.resize(2); // they have stamps
  CHECK_FALSE(needs_stamps(m, all));
  all[0].channels.resize(1);
  for (saved_subtask& s : m.subtasks)
    s.held_records = false;
  CHECK_FALSE(needs_stamps(m, all));
}

TEST_CASE("a checkpoint of other stages is restored only if that is allowed") {
  manifest m;
  m.epoch = 7;
  save(m, "source", 1);
  save(m, "sums", 2, false, true);
  std::vector<planned_subtask> all;
  plan_stage_of(all, "source", 1, true);
  CHECK(error_of(check_restorable(m, all, false)) ==
        "checkpoint 7 is that of another graph: the graph has no stage \"sums\"");
  CHECK(check_restorable(m, all, true));
  m.subtasks.back().held_records = true;
  CHECK(error_of(check_restorable(m, all, true)) ==
        "checkpoint 7 is that of another graph: the graph has no stage \"sums\", in which records "
        "were waiting");
  plan_stage_of(all, "sums", 4);
  CHECK(check_restorable(m, all, false));
  plan_stage_of(all, "means", 1);
  CHECK(error_of(check_restorable(m, all, false)) ==
        "checkpoint 7 is that of another graph: it has no stage \"means\"");
  CHECK(check_restorable(m, all, true));
  plan_stage_of(all, "more", 1, true);
  CHECK(error_of(check_restorable(m, all, true)) ==
        "checkpoint 7 is that of another graph: source \"more\" is new, but stage \"sums\" had "
        "ended");
  m.subtasks.back().ended = false;
  CHECK(check_restorable(m, all, true));
}

TEST_CASE("sources keep the numbers that stand in stamps, and new ones get others") {
  manifest m;
  save(m, "old", 1, false, false, 3);
  save(m, "sums", 1, false, false, 4);
  std::vector<planned_subtask> all;
  plan_stage_of(all, "new", 1, true);
  plan_stage_of(all, "old", 2, true);
  plan_stage_of(all, "sums", 1);
  simulated_files files(1);
  restore({"folder", m}, false, files, all);
  std::vector<std::uint32_t> numbers;
  for (const planned_subtask& p : all)
    numbers.push_back(p.blueprint.settings.services.stage_number);
  CHECK(numbers == std::vector<std::uint32_t>{5, 3, 3, 2});
  CHECK(all[0].blueprint.saved_states.empty());
}
