#include <leat/connectors/files/input_files.hpp>

#include <leat/connectors/files/part_name.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <glob.h>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace leat {
namespace {

bool is_there(const std::string& path) {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0;
}

/// Whether reading the file leaves it as it was.
bool keeps_content(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) != 0 || S_ISREG(about.st_mode) || S_ISDIR(about.st_mode);
}

result<void> check_access(const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0)
    return {};
  return user_error(
      fmt::format("cannot open \"{}\": {}", path, std::generic_category().message(errno)),
      "make it readable for the user who runs this");
}

} // namespace

error open_error(const std::string& path, int code) {
  std::string what =
      fmt::format("cannot open \"{}\": {}", path, std::generic_category().message(code));
  if (code == ENOENT || code == ENOTDIR)
    return user_error(std::move(what),
                      "check the path; a relative one starts at the current folder");
  if (code == EACCES || code == EPERM)
    return user_error(std::move(what), "make the file readable for the user who runs this");
  return external_error(std::move(what));
}

input_files::input_files(const char* item) { add(item); }
input_files::input_files(std::string item) { add(item); }
input_files::input_files(std::initializer_list<const char*> items)
    : input_files(std::vector<std::string>(items.begin(), items.end())) {}
input_files::input_files(std::vector<std::string> items) {
  for (const std::string& item : items)
    add(item);
}

std::vector<file_use> input_files::uses() const {
  std::vector<file_use> all;
  for (const std::string& path : paths_)
    all.push_back({path});
  return all;
}

void input_files::add(const std::string& item) {
  if (item.find_first_of("*?[") == std::string::npos || is_there(item))
    paths_.push_back(item);
  else
    add_matches(item);
}

void input_files::add_matches(const std::string& pattern) {
  glob_t found{};
  const int code = ::glob(pattern.c_str(), GLOB_ERR | GLOB_NOSORT, nullptr, &found);
  const int cause = errno;
  const std::unique_ptr<glob_t, decltype(&::globfree)> owner{&found, &::globfree};
  if (code != 0)
    paths_.push_back(pattern); // it names files of another host, perhaps
  if (code == GLOB_NOMATCH)
    return fault(user_error(fmt::format("no file matches \"{}\"", pattern),
                            "check the pattern; a relative one starts at the current folder"));
  if (code != 0)
    return fault(external_error(
        fmt::format("cannot look up \"{}\": {}", pattern, std::generic_category().message(cause)),
        "all folders on the way must be readable"));
  const auto first = paths_.size();
  paths_.insert(paths_.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
  // Not as glob would sort them: that depends on the locale.
  std::sort(paths_.begin() + static_cast<std::ptrdiff_t>(first), paths_.end(), comes_before);
}

void input_files::fault(error e) {
  if (!fault_)
    fault_ = std::move(e);
}

result<void> input_files::check_list() const {
  if (fault_)
    return *fault_;
  if (paths_.empty())
    return user_error("no input files", "give a path, several paths, or a pattern");
  std::vector<std::string> sorted = paths_;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    return user_error(fmt::format("the file \"{}\" is given twice", *twice),
                      "its records would count twice: give it once");
  return {};
}

result<void>
input_files::check(const std::function<result<void>(const std::string&)>& try_file) const {
  if (auto listed = check_list(); !listed)
    return listed;
  std::optional<error> first;
  std::size_t more = 0;
  for (const std::string& path : paths_) {
    const auto checked = keeps_content(path) ? try_file(path) : check_access(path);
    if (checked)
      continue;
    if (first)
      ++more;
    else
      first = checked.error();
  }
  if (!first)
    return {};
  if (more > 0)
    first->what +=
        fmt::format(" ({} more of the {} files cannot be read either)", more, paths_.size());
  return *first;
}

} // namespace leat
