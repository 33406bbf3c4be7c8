#include <leat/internal/checkpoint/saved_checkpoint.hpp>

#include <leat/detail/record/codec.hpp>

#include <fmt/format.h>

namespace leat {
namespace {

constexpr std::string_view being_written = ".partial-"; // as in output_file

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return path;
}

error none_there(const std::string& path) {
  return user_error(fmt::format("there is no checkpoint in \"{}\"", path),
                    "name a folder of checkpoints, one of its folders state/EPOCH-TERM, or a "
                    "savepoint");
}

result<saved_checkpoint> newest_of(const checkpoint_folder& folder) {
  auto newest = folder.newest();
  if (!newest)
    return newest.error();
  if (!*newest)
    return none_there(folder.path());
  return saved_checkpoint{folder.path(), std::move((*newest)->manifest), false};
}

} // namespace

std::string encode_checkpoint(const saved_checkpoint& c) {
  std::string bytes;
  append_binary(bytes, c.folder);
  append_binary(bytes, c.published);
  return bytes += encode_manifest(c.manifest);
}

result<saved_checkpoint> decode_checkpoint(std::string_view bytes) {
  saved_checkpoint read;
  byte_cursor from(bytes);
  if (!read_binary(from, read.folder) || !read_binary(from, read.published))
    return external_error("it is not a checkpoint of this format");
  auto m = decode_manifest(bytes.substr(bytes.size() - from.left()));
  if (!m)
    return m.error();
  read.manifest = std::move(*m);
  return read;
}

result<saved_checkpoint> named_checkpoint(file_system& files, const std::string& path) {
  const std::string place = without_slashes(path);
  const std::string file = fmt::format("{}/{}", place, witness_name);
  const auto bytes = files.read(file);
  if (!bytes)
    return none_there(place);
  const slot_content content = decode_entry(*bytes, file);
  if (!content.entry)
    return content.entry.error();
  auto read = decode_manifest(content.entry->payload);
  if (!is_manifest(content.kind) || !read)
    return external_error(fmt::format("\"{}\" is not a manifest of this format", file));
  const bool is_savepoint = content.kind == entry_kind::savepoint;
  return saved_checkpoint{is_savepoint ? place : folder_of(folder_of(place)), std::move(*read),
                          is_savepoint};
}

result<saved_checkpoint> find_checkpoint(file_system& files, const std::string& path) {
  const std::string place = without_slashes(path);
  if (files.list(place + "/log"))
    return newest_of(checkpoint_folder(files, place));
  auto found = named_checkpoint(files, place);
  if (!found)
    return found;
  if (auto whole = checkpoint_folder(files, found->folder).verify(found->manifest); !whole)
    return whole.error();
  return found;
}

result<void> carry_outputs(file_system& files, const std::string& from, const std::string& to) {
  const auto sinks = files.list(from);
  if (!sinks)
    return sinks.error();
  for (const std::string& sink : *sinks) {
    const std::string source = from + '/' + sink, target = to + '/' + sink;
    const auto names = files.list(source);
    if (!names)
      return names.error();
    if (auto made = files.make_folder(target); !made)
      return made;
    for (const std::string& name : *names)
      if (name.find(being_written) == std::string::npos)
        if (auto carried = link_or_copy(files, source + '/' + name, target + '/' + name); !carried)
          return carried;
    if (auto synced = files.sync_folder(target); !synced)
      return synced;
  }
  return files.sync_folder(to);
}

} // namespace leat
