// A subtask as bytes: the format's version, a head (which subtask it is, what feeds it), its
// counters, then what its channels hold and what its stage knows.
#include <leat/detail/runtime/subtask.hpp>

#include <leat/detail/record/key.hpp>
#include <leat/detail/record/plain_bytes.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

constexpr std::uint8_t format_version = 1;

struct saved_head {
  std::string stage;
  std::uint64_t subtask = 0;
  std::uint64_t subtasks = 1;
  std::uint64_t inputs = 0; ///< a hash of what feeds it
  static constexpr auto fields = leat::fields(
      "saved_head", leat::field("stage", &saved_head::stage),
      leat::field("subtask", &saved_head::subtask), leat::field("subtasks", &saved_head::subtasks),
      leat::field("inputs", &saved_head::inputs));

  std::string name() const {
    return fmt::format("subtask {} of {} of stage \"{}\"", subtask, subtasks, stage);
  }
};

std::uint64_t hash_of(const input_edges& channels, bool ordered) {
  std::string text;
  append_binary(text, ordered);
  for (const auto& edge : channels) {
    append_binary(text, std::uint64_t{edge->input});
    append_binary(text, edge->from);
    append_binary(text, edge->codec ? edge->codec->fingerprint() : 0);
  }
  return detail::hash_bytes(text.data(), text.size());
}

saved_head head_of(const subtask::settings& s) {
  return {s.services.stage, s.services.subtask, s.services.subtasks,
          hash_of(s.channels, s.ordered)};
}

error corrupt(const saved_head& own) {
  return external_error(fmt::format("the saved state of {} is corrupt", own.name()));
}

result<void> check_head(byte_cursor& from, const saved_head& own) {
  std::uint8_t version = 0;
  if (!get_plain(from, version))
    return corrupt(own);
  if (version != format_version)
    return user_error(fmt::format("the saved subtask has format {}, this program reads format {}",
                                  version, format_version),
                      "use a program of the version that saved it");
  saved_head saved;
  if (!read_binary(from, saved))
    return corrupt(own);
  if (saved.name() != own.name())
    return user_error(
        fmt::format("the saved state of {} cannot be loaded by {}", saved.name(), own.name()),
        "run the graph and the parallelism that it was saved by");
  if (saved.inputs != own.inputs)
    return user_error(
        fmt::format("the inputs of {} differ from those that it was saved with", own.name()),
        "run the graph and the parallelism that it was saved by");
  return {};
}

// What has been counted so far is part of the outcome, and names records in dead letters.
auto counted(stage_counters& c) {
  return std::array{&c.records_in, &c.records_out,  &c.panes,
                    &c.late,       &c.dead_letters, &c.timers_dropped};
}

bool load_counters(byte_cursor& from, stage_counters& counters) {
  for (auto* counter : counted(counters)) {
    std::uint64_t value = 0;
    if (!get_plain(from, value))
      return false;
    counter->store(value, std::memory_order_relaxed);
  }
  return true;
}

} // namespace

// A source also has positions in its splits, which only it knows.
result<std::string> subtask::save() const {
  if (source_)
    return internal_error(fmt::format("source \"{}\" cannot be saved", settings_.services.stage));
  std::string to;
  put_plain(to, format_version);
  append_binary(to, head_of(settings_));
  for (const auto* counter : counted(metrics_.counters))
    put_plain(to, counter->load(std::memory_order_relaxed));
  if (auto saved = inlet_.save(to, settings_.channels); !saved)
    return saved.error();
  if (auto saved = stage_->save(to); !saved)
    return saved.error();
  return to;
}

result<void> subtask::load(std::string_view saved) {
  const saved_head own = head_of(settings_);
  byte_cursor from(saved);
  if (auto fits = check_head(from, own); !fits)
    return fits;
  if (!load_counters(from, metrics_.counters) || !inlet_.load(from, settings_.channels))
    return corrupt(own);
  if (auto loaded = stage_->load(from); !loaded)
    return loaded;
  if (from.left() > 0)
    return corrupt(own);
  return {};
}

} // namespace leat
