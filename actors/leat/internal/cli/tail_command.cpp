#include <leat/internal/cli/tail_command.hpp>

#include <leat/connectors/files/input_files.hpp>
#include <leat/internal/cli/commands.hpp>
#include <leat/internal/cli/signals.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{200};

bool is_csv(std::string_view folder) { // with or without a slash at its end
  return folder.substr(0, folder.find_last_not_of('/') + 1).ends_with(".csv");
}

void require(const result<void>& done) {
  if (!done)
    throw failure(done.error());
}

} // namespace

part_tail::part_tail(std::string_view folder, std::FILE* to)
    : folder_(std::string(folder)), has_heads_(is_csv(folder)), to_(to) {}

result<void> part_tail::print() {
  const auto parts = folder_.parts();
  if (!parts)
    return parts.error();
  for (const part_name& part : *parts)
    if (printed_.insert(part).second)
      if (auto printed = print(part); !printed)
        return printed;
  std::fflush(to_);
  return {};
}

result<void> part_tail::print(const part_name& part) {
  const std::string path = folder_.published(part);
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return open_error(path, errno);
  if (has_heads_) {
    std::string head;
    std::getline(file, head);
    if (head != head_)
      std::fprintf(to_, "%s\n", head.c_str());
    head_ = std::move(head);
  }
  std::array<char, 64 * 1024> block{};
  while (file.read(block.data(), block.size()), file.gcount() > 0)
    std::fwrite(block.data(), 1, static_cast<std::size_t>(file.gcount()), to_);
  return {};
}

exit_code tail_command(const std::vector<std::string>& arguments, const console& to) {
  std::string folder;
  bool follows = false;
  option_set options;
  options.add("--output DIR", folder, "path of a sink of files, run with checkpoints").required();
  options.add("--follow", follows, "go on with what is published, until Ctrl-C");
  if (const auto ended = read_options(options, arguments, {"tail", tail_help}, to))
    return *ended;
  part_tail tail(folder, to.out);
  require(tail.print());
  for (stop_signals signals; follows && signals.count() == 0;) {
    std::this_thread::sleep_for(between_looks);
    require(tail.print());
  }
  return exit_done;
}

} // namespace leat
