#include <leat/internal/checkpoint/checkpoint_store.hpp>

#include <leat/detail/record/codec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace leat {
namespace {

std::string_view payload_of(const slot_content& content) {
  return content.entry ? std::string_view(content.entry->payload) : std::string_view();
}

/// Makes folders in one folder, durably.
result<void> make_folders(file_system& files, const std::vector<std::string>& paths) {
  for (const std::string& path : paths)
    if (auto made = files.make_folder(path); !made)
      return made;
  return files.sync_folder(folder_of(paths.front()));
}

/// "the job "fraud", process 12 on host a".
std::string description(const std::string& job, std::int64_t process, const std::string& host) {
  return fmt::format("the job \"{}\", process {} on host {}", job, process, host);
}

} // namespace

// --- the claim --------------------------------------------------------------------------------

checkpoint_store::checkpoint_store(file_system& files, store_options options,
                                   std::unique_ptr<file_lock> lock)
    : files_(&files), options_(std::move(options)), lock_(std::move(lock)),
      folder_(files, options_.folder), log_(files, options_.folder,
                                            fmt::format("{}-{}-{}", options_.host, options_.process,
                                                        options_.time.time_since_epoch().count())) {
}

result<checkpoint_store> checkpoint_store::open(file_system& files, store_options options) {
  const std::string folder = options.folder;
  if (const auto made = make_folders(files, {folder}); !made)
    return made.error();
  auto lock = files.lock(folder + "/lock-" + file_name_of(options.host),
                         description(options.job, options.process, options.host));
  if (!lock)
    return lock.error();
  if (const auto made = make_folders(files, {folder + "/log", folder + "/state"}); !made)
    return made.error();
  checkpoint_store store(files, std::move(options), std::move(*lock));
  if (const auto claimed = store.claim(); !claimed)
    return claimed.error();
  return store;
}

// The slot is claimed before anything of the checkpoints is read: from then on the coordinator
// before can add none.
result<void> checkpoint_store::claim() {
  constexpr int most_tries = 1000; // each but the last was lost to another coordinator
  for (int tries = 0; tries < most_tries; ++tries) {
    const auto slots = log_.slots();
    if (!slots)
      return slots.error();
    if (auto same = refuse_other_job(*slots); !same) {
      if (const auto now = log_.slots(); now && *now != *slots)
        continue; // what could not be read may have been removed
      return same;
    }
    // Or a power cut might leave our slot, and not the one before it.
    if (auto synced = log_.sync(); !synced)
      return synced;
    const slot_number next = slots->empty() ? options_.first_slot : slots->back() + 1;
    std::string bytes;
    append_binary(bytes, term_entry{options_.job, options_.host, options_.process, options_.time});
    const auto tried = log_.take(next, {entry_kind::term, slots->empty() ? next : 1, bytes});
    if (tried.fault)
      return *tried.fault;
    if (tried.outcome == slot_outcome::mine) {
      term_ = last_slot_ = next;
      return note_history();
    }
  }
  return external_error(
      fmt::format("cannot claim \"{}\": other coordinators claim it all the time", options_.folder),
      "let only one of them run", true);
}

// The newest entry that can be read decides.
result<void> checkpoint_store::refuse_other_job(const std::vector<slot_number>& slots) const {
  std::optional<error> damage;
  for (auto slot = slots.rbegin(); slot != slots.rend(); ++slot) {
    const slot_content content = log_.read(*slot);
    byte_cursor from(payload_of(content));
    std::string job; // manifests and terms begin with it
    if (content.entry && read_binary(from, job)) {
      if (job == options_.job)
        return {};
      return user_error(fmt::format("\"{}\" has the checkpoints of the job \"{}\", not of \"{}\"",
                                    options_.folder, job, options_.job),
                        "choose another folder for each job");
    }
    damage = content.entry ? external_error(fmt::format("\"{}\" is not an entry of this format",
                                                        log_.path_of(*slot)))
                           : content.entry.error();
  }
  if (damage)
    return *damage;
  return {};
}

/// The manifests that are there.
result<void> checkpoint_store::note_history() {
  const auto view = folder_.history();
  if (!view)
    return view.error();
  first_slot_ = view->first;
  for (auto f = view->candidates.rbegin(); f != view->candidates.rend(); ++f)
    if (f->content)
      retained_.push_back(f->slot);
  return {};
}

// --- what is added ----------------------------------------------------------------------------

result<void> checkpoint_store::complete(manifest m) {
  if (standing_ == standing::fenced)
    return fenced_error();
  if (standing_ == standing::uncertain)
    return internal_error("a checkpoint was completed after one whose outcome is not known");
  if (m.epoch <= completed_)
    return internal_error(
        fmt::format("checkpoint {} was completed after checkpoint {}", m.epoch, completed_));
  m.job = options_.job;
  m.term = term_;
  const auto kind =
      has_committables(m) ? entry_kind::manifest_with_committables : entry_kind::manifest;
  const auto tried = log_.take(last_slot_ + 1, {kind, first_to_retain(), encode_manifest(m)});
  switch (tried.outcome) {
  case slot_outcome::mine:
    note_complete(m);
    return {};
  case slot_outcome::taken:
    standing_ = standing::fenced;
    return fenced_error();
  case slot_outcome::uncertain:
    standing_ = standing::uncertain;
    break;
  case slot_outcome::untried:
    break;
  }
  return *tried.fault;
}

error checkpoint_store::fenced_error() const {
  std::string by = "another coordinator";
  const slot_content content = log_.read(last_slot_ + 1);
  byte_cursor from(payload_of(content));
  if (term_entry other; content.kind == entry_kind::term && read_binary(from, other))
    by = description(other.job, other.process, other.host);
  return external_error(
      fmt::format("the checkpoints in \"{}\" have been taken over by {}", options_.folder, by));
}

/// Where the log begins once the next manifest is complete.
slot_number checkpoint_store::first_to_retain() const {
  const std::size_t others = std::max<std::size_t>(options_.retained, 1) - 1;
  if (others == 0)
    return last_slot_ + 1;
  return retained_.size() < others ? first_slot_ : retained_[retained_.size() - others];
}

void checkpoint_store::note_complete(const manifest& m) {
  first_slot_ = first_to_retain();
  retained_.push_back(++last_slot_);
  std::erase_if(retained_, [&](slot_number slot) { return slot < first_slot_; });
  completed_ = m.epoch;

  // The witness. Nothing depends on it unless the slot gets lost, so it may fail.
  const std::string folder = folder_.states() + '/' + name_of_states(m);
  if (files_->make_folder(folder)) {
    (void)files_->link(log_.path_of(last_slot_), fmt::format("{}/{}", folder, witness_name));
    (void)files_->sync_folder(folder);
  }
}

void checkpoint_store::note_published(const manifest& m) {
  const std::string folder = folder_.states() + '/' + name_of_states(m);
  if (write_synced(*files_, fmt::format("{}/{}", folder, published_name), ""))
    (void)files_->sync_folder(folder);
}

// --- what is removed --------------------------------------------------------------------------

result<void> checkpoint_store::remove_old() {
  const auto view = folder_.history();
  if (!view)
    return view.error();
  // Or a power cut might leave the removal, and not the manifest that says where the log begins.
  result<void> done = log_.sync();
  if (done)
    done = log_.remove_before(view->first);
  std::vector<manifest> kept;
  for (const checkpoint_folder::candidate& f : view->candidates)
    if (f.content)
      kept.push_back(*f.content);
    else if (f.kind != entry_kind::term)
      return done; // it does not say what it mentions, and may be put back from a copy
  return done ? remove_states(kept) : done;
}

/// Removes what none of these manifests mentions. The slots of others are gone already, durably.
result<void> checkpoint_store::remove_states(const std::vector<manifest>& kept) {
  std::set<std::string> mentioned;
  for (const manifest& m : kept) {
    for (const std::string_view own : {witness_name, published_name})
      mentioned.insert(fmt::format("{}/{}", name_of_states(m), own));
    for (const saved_subtask& s : m.subtasks) {
      mentioned.insert(s.file.path);
      for (const state_file& f : s.stored)
        mentioned.insert(f.path);
    }
  }
  const auto folders = files_->list(folder_.states());
  if (!folders)
    return folders.error();
  for (const std::string& name : *folders)
    if (const auto of = parse_state_folder(name);
        of && (of->term < term_ || (of->term == term_ && of->epoch <= completed_)))
      if (auto removed = remove_states_of(name, mentioned); !removed)
        return removed;
  return {};
}

/// Removes the files of one epoch, and their folder with the last of them.
result<void> checkpoint_store::remove_states_of(const std::string& folder,
                                                const std::set<std::string>& mentioned) {
  const std::string path = folder_.states() + '/' + folder;
  const auto names = files_->list(path);
  if (!names)
    return {}; // another coordinator has removed it
  bool empty = true;
  for (const std::string& name : *names) {
    if (mentioned.contains(folder + '/' + name))
      empty = false;
    else if (auto removed = files_->remove(path + '/' + name); !removed)
      return removed;
  }
  return empty ? files_->remove(path) : result<void>();
}

} // namespace leat
