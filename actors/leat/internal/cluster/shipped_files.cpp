#include <leat/internal/cluster/shipped_files.hpp>

#include <leat/scoring/readers/sha256.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <optional>
#include <system_error>
#include <unistd.h>

namespace leat {

namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;

// Reads a file to its end, chunk by chunk, and tells what was read; nothing if that fails.
std::optional<shipped_file> read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return {};
  sha256 digest;
  shipped_file read{path, {}, 0};
  std::string chunk(chunk_bytes, '\0');
  while (in) {
    in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    digest.update({chunk.data(), static_cast<std::size_t>(in.gcount())});
    read.bytes += static_cast<std::uint64_t>(in.gcount());
  }
  if (in.bad())
    return {};
  read.sha256 = digest.hex();
  return read;
}

error changed(const std::string& path) {
  return external_error(fmt::format("\"{}\" changed while it was sent to a worker", path),
                        "files of a job must stay as they are until it has begun");
}

error cannot_write(const std::string& path) {
  return external_error(
      fmt::format("cannot write \"{}\": {}", path, std::generic_category().message(errno)),
      "--cache names another directory");
}

// A file that is removed unless it is kept under its real name.
class partial_file {
public:
  explicit partial_file(const std::string& path)
      : path_(path), partial_(fmt::format("{}.{}.partial", path, ::getpid())),
        out_(partial_, std::ios::binary) {}
  ~partial_file() {
    std::error_code ignored;
    std::filesystem::remove(partial_, ignored);
  }
  partial_file(const partial_file&) = delete;
  partial_file& operator=(const partial_file&) = delete;

  bool is_open() const { return out_.is_open(); }
  bool write(std::string_view bytes) {
    return static_cast<bool>(out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
  }
  bool keep() {
    out_.close();
    return out_ && ::rename(partial_.c_str(), path_.c_str()) == 0;
  }

private:
  std::string path_;
  std::string partial_;
  std::ofstream out_;
};

} // namespace

result<shipped_file> describe_file(const std::string& path) {
  auto read = read_whole(path);
  if (!read)
    return user_error(fmt::format("\"{}\" cannot be read", path), "check the path");
  return std::move(*read);
}

result<void> send_file(tls_link& to, const shipped_file& f, std::chrono::milliseconds patience) {
  std::ifstream in(f.path, std::ios::binary);
  sha256 digest;
  std::string chunk;
  for (std::uint64_t left = f.bytes; left > 0; left -= chunk.size()) {
    chunk.resize(std::min<std::uint64_t>(chunk_bytes, left));
    if (!in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())))
      return changed(f.path);
    digest.update(chunk);
    if (auto sent = to.send(chunk, within(patience)); !sent)
      return sent;
  }
  if (!in || in.peek() != std::ifstream::traits_type::eof() || digest.hex() != f.sha256)
    return changed(f.path);
  return {};
}

bool is_this_file(const std::string& path, const shipped_file& f) {
  const auto read = read_whole(path);
  return read && read->sha256 == f.sha256;
}

result<void> receive_file(tls_link& from, const shipped_file& f, const std::string& path,
                          std::chrono::milliseconds patience) {
  partial_file out(path);
  if (!out.is_open())
    return cannot_write(path);
  sha256 digest;
  for (std::uint64_t left = f.bytes; left > 0;) {
    const auto chunk = from.receive(within(patience));
    if (!chunk)
      return chunk.error();
    if (chunk->size() > left)
      return external_error(fmt::format("{} of the coordinator is longer than it was", f.path));
    left -= chunk->size();
    digest.update(*chunk);
    if (!out.write(*chunk))
      return cannot_write(path);
  }
  if (digest.hex() != f.sha256)
    return external_error(
        fmt::format("{} of the coordinator did not arrive as it was sent", f.path));
  if (!out.keep())
    return cannot_write(path);
  return {};
}

} // namespace leat
