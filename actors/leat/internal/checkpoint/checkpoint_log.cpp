#include <leat/internal/checkpoint/checkpoint_log.hpp>

#include <leat/detail/record/key.hpp>
#include <leat/detail/record/plain_bytes.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

// The head has a checksum of its own: the kind of an entry is known even if its payload is damaged.
struct entry_head {
  std::uint64_t magic = 0x0A676F6C7461656C; // "leatlog\n"
  std::uint32_t version = 1;
  entry_kind kind = entry_kind::term;
  slot_number slot = 0;
  slot_number first = 0;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0; ///< of the payload

  std::uint64_t own_checksum() const { return detail::hash_bytes(this, sizeof *this); }
};
static_assert(std::has_unique_object_representations_v<entry_head>);

constexpr std::size_t digits = 16;

/// The slot that a name begins with.
std::optional<slot_number> slot_of(std::string_view name) {
  slot_number slot = 0;
  if (name.size() < digits || (name.size() > digits && name[digits] != '.'))
    return std::nullopt;
  for (const char c : name.substr(0, digits)) {
    if (c < '0' || c > '9')
      return std::nullopt;
    slot = slot * 10 + static_cast<slot_number>(c - '0');
  }
  return slot;
}

bool is_temporary(std::string_view name) { return name.size() > digits; }

} // namespace

std::string encode_entry(slot_number slot, const log_entry& entry) {
  entry_head head;
  head.kind = entry.kind;
  head.slot = slot;
  head.first = entry.first;
  head.size = entry.payload.size();
  head.checksum = detail::hash_bytes(entry.payload.data(), entry.payload.size());
  std::string bytes;
  put_plain(bytes, head);
  put_plain(bytes, head.own_checksum());
  return bytes += entry.payload;
}

slot_content decode_entry(std::string_view bytes, const std::string& name) {
  byte_cursor from(bytes);
  entry_head head;
  std::uint64_t checksum = 0;
  if (!get_plain(from, head) || !get_plain(from, checksum) || head.own_checksum() != checksum ||
      head.magic != entry_head{}.magic)
    return {0,
            {},
            external_error(fmt::format("\"{}\" is damaged: its head is not one of the log", name))};
  if (head.version != entry_head{}.version)
    return {head.slot,
            {},
            user_error(fmt::format("\"{}\" has format version {}", name, head.version),
                       "use the version of the program that wrote it")};
  const std::string_view payload = bytes.substr(bytes.size() - from.left());
  if (payload.size() != head.size)
    return {head.slot, head.kind,
            external_error(fmt::format("\"{}\" is damaged: it has {} bytes instead of {}", name,
                                       bytes.size(), bytes.size() - payload.size() + head.size))};
  if (detail::hash_bytes(payload.data(), payload.size()) != head.checksum)
    return {head.slot, head.kind,
            external_error(fmt::format("\"{}\" is damaged: its checksum differs", name))};
  return {head.slot, head.kind, log_entry{head.kind, head.first, std::string(payload)}};
}

checkpoint_log::checkpoint_log(file_system& files, const std::string& folder, std::string writer)
    : files_(files), folder_(folder + "/log"), writer_(file_name_of(writer)) {}

result<void> checkpoint_log::sync() { return files_.sync_folder(folder_); }

result<std::vector<slot_number>> checkpoint_log::slots() const {
  const auto names = files_.list(folder_);
  if (!names)
    return names.error();
  std::vector<slot_number> slots;
  for (const std::string& name : *names)
    if (const auto slot = slot_of(name); slot && !is_temporary(name))
      slots.push_back(*slot);
  return slots;
}

slot_content checkpoint_log::read(slot_number slot) const {
  const std::string path = path_of(slot);
  const auto bytes = files_.read(path);
  if (!bytes)
    return {slot, {}, bytes.error()};
  slot_content content = decode_entry(*bytes, path);
  if (content.entry && content.slot != slot)
    return {slot,
            {},
            external_error(fmt::format("\"{}\" is the entry of slot {}", path, content.slot))};
  content.slot = slot;
  return content;
}

std::string checkpoint_log::path_of(slot_number slot) const {
  return fmt::format("{}/{:0{}}", folder_, slot, digits);
}

checkpoint_log::attempt checkpoint_log::take(slot_number slot, const log_entry& entry) {
  const std::string path = path_of(slot);
  const std::string temporary = fmt::format("{}.{}-{}", path, writer_, tries_++);
  if (const auto written = write_synced(files_, temporary, encode_entry(slot, entry)); !written)
    return {slot_outcome::untried, written.error()};

  const auto linked = files_.link(temporary, path);
  (void)files_.remove(temporary); // what is left of it is removed with its slot
  if (linked && !*linked)
    return {slot_outcome::taken};
  const auto synced = linked ? files_.sync_folder(folder_) : result<void>(linked.error());

  // Who slept for long may find a slot free that was taken and has been removed since: then there
  // are later ones.
  const auto all = slots();
  if (all && !all->empty() && all->back() > slot)
    return {slot_outcome::taken};
  if (!linked && all && !std::binary_search(all->begin(), all->end(), slot))
    return {slot_outcome::untried, linked.error()};
  if (!synced || !all)
    return {slot_outcome::uncertain, synced ? all.error() : synced.error()};
  return {slot_outcome::mine};
}

result<void> checkpoint_log::remove_before(slot_number slot) {
  const auto names = files_.list(folder_);
  if (!names)
    return names.error();
  for (const std::string& name : *names)
    if (const auto of = slot_of(name); of && *of < slot)
      if (auto removed = files_.remove(folder_ + '/' + name); !removed)
        return removed;
  return files_.sync_folder(folder_);
}

} // namespace leat
