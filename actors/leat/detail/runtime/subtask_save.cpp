// A subtask as bytes, see subtask_file.hpp. All of it can be joined with what other subtasks of the
// stage saved, or be divided.
#include <leat/detail/runtime/subtask.hpp>

#include <leat/detail/runtime/subtask_file.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

subtask_file_head head_of(const subtask::settings& s, saved_contents contents) {
  subtask_file_head head{s.services.stage, s.services.subtask, s.services.subtasks, {}, contents};
  for (const auto& edge : s.channels)
    if (edge->codec &&
        std::ranges::find(head.inputs, edge->input, &saved_input::input) == head.inputs.end())
      head.inputs.push_back({edge->input, row_type(*edge->codec)});
  return head;
}

error corrupt(const subtask_file_head& own) {
  return external_error(fmt::format("the saved state of {} is corrupt", own.name()));
}

// Those of a stage are given whole, or that of the subtask's own number alone.
result<void> check_given(const std::set<std::uint64_t>& given, std::uint64_t saved_by,
                         const stage_services& own, bool is_source) {
  const bool own_alone =
      !is_source && saved_by == own.subtasks && given == std::set<std::uint64_t>{own.subtask};
  if (given.empty() || given.size() == saved_by || own_alone)
    return {};
  return user_error(fmt::format("stage \"{}\" was saved by {} subtasks, of which {} are given",
                                own.stage, saved_by, given.size()));
}

saved_counters saved(const stage_counters& c) {
  return {c.records_in, c.records_out, c.panes, c.late, c.dead_letters, c.timers_dropped};
}

void take_over(const saved_counters& from, stage_counters& to) {
  stage_counters::add(to.records_in, from.records_in);
  stage_counters::add(to.records_out, from.records_out);
  stage_counters::add(to.panes, from.panes);
  stage_counters::add(to.late, from.late);
  stage_counters::add(to.dead_letters, from.dead_letters);
  stage_counters::add(to.timers_dropped, from.timers_dropped);
}

} // namespace

result<std::string> subtask::save() const {
  const auto captured = capture();
  if (!captured)
    return captured.error();
  std::string to;
  (*captured)(to);
  return to;
}

result<captured_bytes> subtask::capture() const {
  subtask_file file{head_of(settings_, stage_->saves()),
                    saved(metrics_.counters),
                    {finished_, {}, last_outputs_},
                    {},
                    {}};
  for (const prepared_output& o : outputs_)
    file.progress.outputs.push_back({o.of, o.committable, o.letters, o.prefix});
  if (!finished_)
    if (auto saved = inlet_.save(file.channels, settings_.channels); !saved)
      return saved.error();
  std::string to;
  append_subtask_file(to, file);
  result<captured_bytes> rest = captured_bytes{[](std::string&) {}};
  if (!finished_ || source_) // the splits of a source may go to others
    rest = stage_->capture();
  if (!rest)
    return rest.error();
  auto files = std::move(rest->files);
  return captured_bytes{[head = std::move(to), rest = std::move(rest->append)](std::string& all) {
                          all += head;
                          rest(all);
                        },
                        std::move(files)};
}

// What a subtask has counted and prepared goes to the one that its number falls to.
result<void> subtask::load(std::string_view saved, const std::string& files_at) {
  const stage_services& own = settings_.services;
  auto file = read_subtask_file(saved);
  if (!file)
    return file.error();
  const subtask_file_head& head = file->head;
  if (head.stage != own.stage)
    return user_error(fmt::format("the saved state of {} cannot be loaded by {}", head.name(),
                                  head_of(settings_, stage_->saves()).name()));
  const bool is_first = loaded_.empty();
  if (head.subtask >= head.subtasks || (!is_first && head.subtasks != saved_by_) ||
      !loaded_.insert(head.subtask).second)
    return corrupt(head);
  saved_by_ = head.subtasks;
  saved_progress& progress = file->progress;
  if (!progress.ended)
    if (auto loaded = load_channels(*file); !loaded)
      return loaded;
  byte_cursor from(file->stage);
  stage_->find_files_at(files_at);
  if (!progress.ended || source_)
    if (auto loaded = stage_->load(from); !loaded)
      return loaded;
  if (from.left() > 0)
    return corrupt(head);
  if (head.subtasks != own.subtasks || head.subtask == own.subtask)
    all_ended_ = all_ended_ && progress.ended;
  if (head.subtask % own.subtasks != own.subtask)
    return {};
  take_over(file->counters, metrics_.counters);
  if (!settings_.published)
    for (saved_output& o : progress.outputs)
      commit_output({o.of, std::move(o.committable), std::move(o.letters), std::move(o.prefix)});
  std::ranges::move(progress.last_outputs, std::back_inserter(last_outputs_));
  return {};
}

result<void> subtask::load_channels(const subtask_file& file) {
  inlet::input_types types;
  for (const saved_input& i : file.head.inputs)
    types.emplace(i.input, i.type);
  const auto claims = [&](std::size_t input, const rows& held, std::size_t i) {
    return stage_->claims(input, held, i, file.head.subtask);
  };
  byte_cursor from(file.channels);
  if (auto loaded = inlet_.load(from, settings_.channels, types, claims); !loaded)
    return loaded;
  return from.left() == 0 ? result<void>{} : corrupt(file.head);
}

result<void> subtask::begin() {
  if (auto whole = check_given(loaded_, saved_by_, settings_.services, source_ != nullptr); !whole)
    return whole;
  for (const std::string& output : last_outputs_)
    stage_->restore_output(output);
  stage_->discard_uncommitted();
  if (settings_.letters)
    settings_.letters->go_on();
  inlet_.begin(settings_.channels);
  finished_ = awaits_commit_ = all_ended_ && !loaded_.empty();
  metrics_.ended.store(finished_, std::memory_order_relaxed);
  return stage_->begin();
}

} // namespace leat
