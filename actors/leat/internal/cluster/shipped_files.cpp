#include <leat/internal/cluster/shipped_files.hpp>

#include <leat/quantities.hpp>
#include <leat/scoring/readers/sha256.hpp>

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <system_error>

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

} // namespace

result<shipped_file> describe_file(const std::string& path, std::uint64_t most) {
  std::error_code unknown;
  if (const auto bytes = std::filesystem::file_size(path, unknown); !unknown && bytes > most)
    return user_error(fmt::format("\"{}\" has {} bytes, and files of up to {} are sent to workers",
                                  path, grouped(bytes), grouped(most)),
                      "raise --file-limit of the coordinator; a large input belongs on a file "
                      "system of all nodes: --shared STAGE");
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
  return read && read->bytes == f.bytes && read->sha256 == f.sha256;
}

} // namespace leat
