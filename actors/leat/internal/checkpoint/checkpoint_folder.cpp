#include <leat/internal/checkpoint/checkpoint_folder.hpp>

#include <leat/detail/record/codec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace leat {
namespace {

/// Whether there may have been outputs after an entry of which only this is known.
bool may_have_published(std::optional<entry_kind> kind) {
  return !kind || *kind == entry_kind::manifest_with_committables;
}

} // namespace

bool is_manifest(std::optional<entry_kind> kind) { return kind && *kind != entry_kind::term; }

std::optional<state_folder> parse_state_folder(const std::string& name) {
  state_folder read;
  const char* const end = name.data() + name.size();
  const auto first = std::from_chars(name.data(), end, read.epoch);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-')
    return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, read.term);
  if (second.ec != std::errc{} || second.ptr != end)
    return std::nullopt;
  return read;
}

std::string name_of_states(const manifest& m) { return fmt::format("{}-{}", m.epoch, m.term); }

checkpoint_folder::checkpoint_folder(file_system& files, std::string path)
    : files_(&files), path_(std::move(path)), log_(files, path_, {}) {}

auto checkpoint_folder::history() const -> result<log_view> {
  log_view view;
  if (const auto added = add_slots(view); !added)
    return added.error();
  if (const auto added = add_witnesses(view); !added)
    return added.error();
  std::erase_if(view.candidates, [&](const candidate& f) { return f.slot < view.first; });
  std::stable_sort(view.candidates.begin(), view.candidates.end(),
                   [](const candidate& a, const candidate& b) { return a.slot > b.slot; });
  return view;
}

result<void> checkpoint_folder::add_slots(log_view& to) const {
  const auto slots = log_.slots();
  if (!slots)
    return slots.error();
  slot_number next = 1;
  for (const slot_number slot : *slots) {
    if (slot > next)
      to.candidates.push_back({slot - 1, {}, missing_error(next, slot - 1)});
    const slot_content content = log_.read(slot);
    if (content.entry)
      to.first = std::max(to.first, content.entry->first);
    if (!content.entry)
      to.candidates.push_back({slot, content.kind, content.entry.error()});
    else if (is_manifest(content.kind))
      to.candidates.push_back({slot, content.kind, decode_manifest(content.entry->payload)});
    next = slot + 1;
  }
  return {};
}

error checkpoint_folder::missing_error(slot_number first, slot_number last) const {
  return external_error(first == last ? fmt::format("\"{}\" is missing", log_.path_of(first))
                                      : fmt::format("\"{}\" to \"{}\" are missing",
                                                    log_.path_of(first), log_.path_of(last)));
}

/// Adds the manifests whose slots have been lost: they were complete.
result<void> checkpoint_folder::add_witnesses(log_view& to) const {
  const auto names = files_->list(states());
  if (!names)
    return names.error();
  for (const std::string& name : *names) {
    if (!parse_state_folder(name))
      continue;
    const std::string path = fmt::format("{}/{}/{}", states(), name, witness_name);
    const auto bytes = files_->read(path);
    const slot_content content = decode_entry(bytes ? *bytes : std::string{}, path);
    if (!content.entry || !is_manifest(content.kind))
      continue;
    to.first = std::max(to.first, content.entry->first);
    candidate witness{content.slot, content.kind, decode_manifest(content.entry->payload)};
    const auto same =
        std::find_if(to.candidates.begin(), to.candidates.end(), [&](const candidate& f) {
          return f.slot == witness.slot &&
                 (!f.content || !witness.content || *f.content == *witness.content);
        });
    if (same == to.candidates.end())
      to.candidates.push_back(std::move(witness));
    else if (!same->content)
      *same = std::move(witness);
  }
  return {};
}

result<void> checkpoint_folder::verify(const manifest& m) const {
  for (const saved_subtask& s : m.subtasks) {
    if (const auto content = read_state(*files_, path_, s.file); !content)
      return content.error();
    for (const state_file& f : s.stored)
      if (const auto content = read_state(*files_, path_, f); !content)
        return content.error();
  }
  return {};
}

bool checkpoint_folder::has_checkpoints() const {
  const auto view = history();
  return view && !view->candidates.empty();
}

result<std::optional<restore_point>> checkpoint_folder::newest() const {
  auto view = history();
  if (!view)
    return view.error();
  std::vector<std::string> damage;
  bool published = false; // by a checkpoint that is damaged
  for (candidate& f : view->candidates) {
    const result<void> whole = f.content ? verify(*f.content) : result<void>(f.content.error());
    if (whole && published)
      return refusal(damage, &*f.content);
    if (whole)
      return std::optional(restore_point{*std::move(f.content), std::move(damage)});
    damage.push_back(whole.error().what);
    published = published || may_have_published(f.kind);
  }
  if (!damage.empty())
    return refusal(damage, nullptr);
  return std::optional<restore_point>();
}

/// `whole` is the newest checkpoint without damage.
error checkpoint_folder::refusal(const std::vector<std::string>& damage,
                                 const manifest* whole) const {
  const std::string what = fmt::format("the newest checkpoint in \"{}\" cannot be restored: {}",
                                       path_, fmt::join(damage, "; "));
  constexpr auto put_back = "put the damaged file back from a copy of the folder";
  if (!whole)
    return external_error(what + "; no older checkpoint is left", put_back);
  return external_error(
      what + fmt::format("; epoch {} is whole, but outputs of later epochs may have been published",
                         whole->epoch),
      fmt::format("{}, or --restore {}/{} with another --checkpoint-dir, and accept duplicate "
                  "outputs",
                  put_back, states(), name_of_states(*whole)));
}

std::optional<manifest> checkpoint_folder::published_end() const {
  const auto slots = log_.slots();
  if (!slots || slots->empty())
    return {};
  const slot_content last = log_.read(slots->back());
  if (!last.entry || !is_manifest(last.kind))
    return {};
  auto m = decode_manifest(last.entry->payload);
  if (!m || !m->finished ||
      !files_->read(fmt::format("{}/{}/{}", states(), name_of_states(*m), published_name)))
    return {};
  return std::move(*m);
}

result<manifest> checkpoint_folder::at(epoch number) const {
  auto view = history();
  if (!view)
    return view.error();
  const auto here =
      std::find_if(view->candidates.begin(), view->candidates.end(),
                   [&](const candidate& f) { return f.content && f.content->epoch == number; });
  if (here == view->candidates.end())
    return user_error(fmt::format("\"{}\" has no checkpoint of epoch {}", path_, number),
                      "list the checkpoints that are there");
  if (const auto whole = verify(*here->content); !whole)
    return whole.error();
  return std::move(here->content);
}

} // namespace leat
