#include <leat/internal/checkpoint/file_system.hpp>

#include <fmt/format.h>

#include <system_error>

namespace leat {

error read_error(const std::string& path, int code) {
  return external_error(
      fmt::format("cannot read \"{}\": {}", path, std::generic_category().message(code)));
}

error locked_error(const std::string& path, const std::string& holder) {
  return user_error(fmt::format("\"{}\" is locked by {}", path, holder),
                    "wait until it has ended, or choose another folder");
}

std::string folder_of(const std::string& path) {
  const auto end = path.find_last_not_of('/');
  const auto slash = end == std::string::npos ? end : path.rfind('/', end);
  if (slash == std::string::npos)
    return path.starts_with('/') ? "/" : ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string file_name_of(std::string_view text) {
  std::string name;
  for (const char c : text)
    if (const auto byte = static_cast<unsigned char>(c);
        c == '/' || c == '%' || byte < 0x20 || byte == 0x7F)
      fmt::format_to(std::back_inserter(name), "%{:02X}", byte);
    else
      name += c;
  return name;
}

result<void> write_synced(file_system& files, const std::string& path, std::string_view content) {
  auto file = files.create(path);
  if (!file)
    return file.error();
  result<void> written = (*file)->append(content);
  if (written)
    written = (*file)->sync();
  if (!written)
    (void)files.remove(path);
  return written;
}

result<void> link_or_copy(file_system& files, const std::string& file, const std::string& name) {
  if (files.link(file, name))
    return {};
  const auto content = files.read(file);
  if (!content)
    return content.error();
  (void)files.remove(name); // the link may have been made all the same
  return write_synced(files, name, *content);
}

} // namespace leat
