#include <leat/connectors/files/folder_scan.hpp>

#include <leat/connectors/files/input_files.hpp>
#include <leat/connectors/files/part_name.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fnmatch.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace leat {

folder_scan::folder_scan(std::string folder, std::string pattern, std::string until)
    : folder_(std::move(folder)), pattern_(std::move(pattern)), until_(std::move(until)) {}

result<folder_scan::found> folder_scan::look() {
  bool closed = false;
  auto now = list(closed);
  if (!now)
    return now.error();
  found all;
  all.last = closed;
  for (auto& [name, file] : *now) {
    const std::string path = folder_ + '/' + name;
    const auto before = known_.find(name);
    const bool known = before != known_.end();
    const bool settled = known && same(before->second, file);
    file.handed_out = known && before->second.handed_out;
    if (file.handed_out && !settled) {
      all.changed.push_back(path);
    } else if (!file.handed_out && (settled || closed)) { // who closes a folder has written it all
      all.whole.push_back(path);
      file.handed_out = true;
    }
  }
  known_ = std::move(*now);
  std::sort(all.whole.begin(), all.whole.end(), comes_before);
  return all;
}

std::vector<folder_scan::read_file> folder_scan::handed_out() const {
  std::vector<read_file> all;
  for (const auto& [name, file] : known_)
    if (file.handed_out)
      all.push_back({name, file.size, file.changed_at});
  return all;
}

void folder_scan::resume(const std::vector<read_file>& before) {
  for (const read_file& file : before)
    known_[file.name] = {file.size, file.changed_at, true};
}

result<folder_scan::listing> folder_scan::list(bool& closed) const {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder{::opendir(folder_.c_str()), ::closedir};
  if (!folder)
    return open_error(folder_, errno);
  // Before the listing: files that were there when the folder was closed are in it.
  struct stat about {};
  closed = !until_.empty() && ::stat((folder_ + '/' + until_).c_str(), &about) == 0;
  listing files;
  for (errno = 0; const dirent* entry = ::readdir(folder.get()); errno = 0) {
    const std::string name = entry->d_name;
    if (name == until_ || ::fnmatch(pattern_.c_str(), name.c_str(), FNM_PERIOD) != 0)
      continue;
    if (::stat((folder_ + '/' + name).c_str(), &about) != 0 || !S_ISREG(about.st_mode))
      continue; // gone meanwhile, or a folder
    files[name] = {static_cast<std::uint64_t>(about.st_size),
                   about.st_mtim.tv_sec * std::int64_t{1'000'000'000} + about.st_mtim.tv_nsec,
                   false};
  }
  if (errno != 0)
    return external_error(fmt::format("cannot read the folder \"{}\": {}", folder_,
                                      std::generic_category().message(errno)));
  return files;
}

} // namespace leat
