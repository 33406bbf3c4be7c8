#include <leat/connectors/files/part_folder.hpp>

#include <leat/connectors/files/output_file.hpp>
#include <leat/file_use.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace leat {
namespace {

constexpr std::string_view sealed_mark = ".";

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return path;
}

enum class likeness { absent, other, same };

bool same_content(const std::string& path, const std::string& other) {
  std::ifstream a(path, std::ios::binary), b(other, std::ios::binary);
  return a && b &&
         std::equal(std::istreambuf_iterator<char>{a}, {}, std::istreambuf_iterator<char>{b}, {});
}

/// What stands under the name that a sealed file is to have.
likeness compare(const std::string& sealed, const std::string& published) {
  struct stat is {};
  struct stat wanted {};
  if (::lstat(published.c_str(), &is) != 0)
    return likeness::absent;
  if (::lstat(sealed.c_str(), &wanted) != 0 ||
      (is.st_dev == wanted.st_dev && is.st_ino == wanted.st_ino) ||
      (is.st_size == wanted.st_size && same_content(sealed, published)))
    return likeness::same;
  return likeness::other;
}

error cannot_publish(const std::string& published, const std::string& why, std::string hint) {
  return user_error(fmt::format("cannot publish \"{}\": {}", published, why), std::move(hint));
}

result<void> sync(const std::string& folder) {
  if (const int code = sync_folder(folder); code != 0)
    return write_error(folder, code);
  return {};
}

} // namespace

part_folder::part_folder(const std::string& path)
    : path_(canonical_path(without_slashes(path))),
      extension_(std::filesystem::path(without_slashes(path)).extension().string()) {}

std::string part_folder::sealed(const part_name& part) const {
  return fmt::format("{}/{}{}", path_, sealed_mark, file_name(part, extension_));
}

std::string part_folder::published(const part_name& part) const {
  return fmt::format("{}/{}", path_, file_name(part, extension_));
}

result<void> part_folder::check() const {
  struct stat about {};
  const bool there = ::stat(path_.c_str(), &about) == 0;
  if (there && !S_ISDIR(about.st_mode))
    return user_error(fmt::format("cannot write parts into \"{}\": it is not a folder", path_),
                      "with checkpoints an output is a folder of parts: move the file away, or "
                      "choose another path");
  if (const auto trial = output_file::create(there ? unsealed() : path_); !trial)
    return trial.error();
  return {};
}

result<void> part_folder::open(epoch after) const {
  if (::mkdir(path_.c_str(), 0777) == 0) {
    if (auto synced = sync(std::filesystem::path(path_).parent_path()); !synced)
      return synced;
  } else if (auto checked = check(); !checked) {
    return checked;
  }
  const auto there = parts();
  if (!there)
    return there.error();
  if (there->empty() || there->back().of <= after)
    return {};
  return user_error(fmt::format("cannot write parts into \"{}\": it holds \"{}\", which this job "
                                "has not written",
                                path_, file_name(there->back(), extension_)),
                    "it is of another run: continue that one with its checkpoints, or move the "
                    "folder away");
}

result<void> part_folder::publish(const sealed_parts& parts) const {
  for (std::uint64_t n = 0; n < parts.count; ++n)
    if (auto published = publish_one(part_name{parts.of, parts.subtask, n}); !published)
      return published;
  if (auto synced = sync(path_); !synced)
    return synced;
  return discard(parts);
}

// A link that is there already comes from an earlier call, which did not get further.
result<void> part_folder::publish_one(const part_name& part) const {
  const std::string from = sealed(part), to = published(part);
  if (::link(from.c_str(), to.c_str()) == 0)
    return {};
  const int code = errno;
  if (code == EPERM || code == ENOTSUP)
    return cannot_publish(to, "its file system has no hard links", "choose another file system");
  if (code != ENOENT && code != EEXIST)
    return write_error(to, code);
  switch (compare(from, to)) {
  case likeness::same:
    return {};
  case likeness::other:
    return cannot_publish(
        to, "another file has that name",
        fmt::format("what is to be published is \"{}\": move the other file away", from));
  case likeness::absent:
    break;
  }
  return cannot_publish(to, fmt::format("\"{}\" is gone", from),
                        "if the part was published and then moved away, an empty file in its place "
                        "lets the job go on");
}

result<void> part_folder::remove_sealed(const part_name& part, std::string_view ending) const {
  const std::string path = sealed(part) + std::string{ending};
  if (::unlink(path.c_str()) == 0 || errno == ENOENT)
    return {};
  return write_error(path, errno);
}

result<void> part_folder::discard(const sealed_parts& parts) const {
  for (std::uint64_t n = 0; n < parts.count; ++n)
    if (auto removed = remove_sealed({parts.of, parts.subtask, n}, {}); !removed)
      return removed;
  return {};
}

result<void> part_folder::discard(std::size_t subtask, std::size_t subtasks) const {
  const auto all = list(sealed_mark);
  if (!all)
    return all.error();
  for (const part_name& part : *all)
    if (part.subtask % subtasks == subtask)
      if (auto removed = remove_sealed(part, {}); !removed)
        return removed;
  return {};
}

result<std::vector<part_name>> part_folder::parts() const { return list(""); }

result<std::vector<part_name>> part_folder::sealed_with(std::string_view ending) const {
  return list(sealed_mark, ending);
}

result<std::vector<part_name>> part_folder::list(std::string_view mark,
                                                 std::string_view ending) const {
  std::vector<part_name> all;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(path_, failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(mark) || !name.ends_with(ending))
      continue;
    const auto rest = std::string_view{name}.substr(mark.size());
    const auto plain = rest.substr(0, rest.size() - std::min(rest.size(), ending.size()));
    const auto part = part_of(plain);
    if (part && plain == file_name(*part, extension_))
      all.push_back(*part);
  }
  if (failed)
    return external_error(
        fmt::format("cannot read the folder \"{}\": {}", path_, failed.message()));
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> part_folder::remove_leftovers() const {
  return output_file::remove_leftovers(unsealed());
}

} // namespace leat
