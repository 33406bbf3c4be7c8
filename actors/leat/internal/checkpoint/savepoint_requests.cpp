#include <leat/internal/checkpoint/savepoint_requests.hpp>

#include <fmt/format.h>

namespace leat {
namespace {

constexpr std::string_view request_ending = ".request";
constexpr std::string_view stop_text = "stop";

std::string request_file(const std::string& dir, const std::string& name) {
  return fmt::format("{}{}", savepoint_folder(dir, name), request_ending);
}
std::string failure_file(const std::string& dir, const std::string& name) {
  return savepoint_folder(dir, name) + ".failed";
}

// Whoever finds the name finds the whole content. False if the name is taken.
result<bool> put_whole(file_system& files, const std::string& path, std::string_view content) {
  const std::string written = path + ".new";
  (void)files.remove(written); // of somebody who was killed
  if (auto done = write_synced(files, written, content); !done)
    return done.error();
  auto linked = files.link(written, path);
  (void)files.remove(written);
  return linked;
}

} // namespace

result<void> ask_for_savepoint(file_system& files, const std::string& dir,
                               const savepoint_request& r) {
  if (auto named = check_savepoint_name(r.name); !named)
    return named;
  if (!files.list(dir + "/log"))
    return user_error(fmt::format("\"{}\" is not a folder of checkpoints", dir),
                      "name the --checkpoint-dir of a running job");
  if (has_savepoint(files, dir, r.name))
    return user_error(fmt::format("there is a savepoint \"{}\"", savepoint_folder(dir, r.name)),
                      "choose another name, or remove that folder");
  if (auto made = files.make_folder(savepoints_folder(dir)); !made)
    return made;
  (void)files.remove(failure_file(dir, r.name));
  auto asked = put_whole(files, request_file(dir, r.name), r.stop ? stop_text : "");
  if (!asked)
    return asked.error();
  if (!*asked)
    return user_error(fmt::format("the savepoint \"{}\" is asked for already", r.name));
  return {};
}

bool is_waiting(file_system& files, const std::string& dir, const std::string& name) {
  return bool(files.read(request_file(dir, name)));
}

void withdraw_request(file_system& files, const std::string& dir, const std::string& name) {
  (void)files.remove(request_file(dir, name));
}

std::optional<std::string> take_failure(file_system& files, const std::string& dir,
                                        const std::string& name) {
  auto why = files.read(failure_file(dir, name));
  if (!why)
    return std::nullopt;
  (void)files.remove(failure_file(dir, name));
  return std::move(*why);
}

std::vector<savepoint_request> take_requests(file_system& files, const std::string& dir) {
  std::vector<savepoint_request> all;
  const auto names = files.list(savepoints_folder(dir));
  if (!names)
    return all; // there are none as long as nobody has asked
  for (const std::string& file : *names) {
    if (!file.ends_with(request_ending))
      continue;
    const std::string path = savepoints_folder(dir) + '/' + file;
    const auto content = files.read(path);
    const std::string name = file.substr(0, file.size() - request_ending.size());
    if (content && files.remove(path) && check_savepoint_name(name))
      all.push_back({name, *content == stop_text});
  }
  return all;
}

void note_failure(file_system& files, const std::string& dir, const std::string& name,
                  std::string_view why) {
  (void)put_whole(files, failure_file(dir, name), why);
}

} // namespace leat
