#include <leat/internal/runtime/scratch_files.hpp>

#include <leat/connectors/files/output_file.hpp>
#include <leat/internal/checkpoint/file_system.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace leat {

namespace {

error cut_short(const std::string& path) {
  return external_error(fmt::format("\"{}\" is damaged: it was cut short", path));
}

class unnamed_file final : public scratch_file {
public:
  unnamed_file(std::string path, int file) : path_(std::move(path)), file_(file) {}
  unnamed_file(const unnamed_file&) = delete;
  unnamed_file& operator=(const unnamed_file&) = delete;
  ~unnamed_file() override { ::close(file_); }

  result<void> append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno != EINTR)
        return write_error(path_, errno);
      if (written > 0)
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  result<void> read(std::size_t size, std::string& to) override {
    to.resize(size);
    for (std::size_t have = 0; have < size;) {
      const ssize_t got = ::pread(file_, to.data() + have, size - have, next_);
      if (got < 0 && errno != EINTR)
        return read_error(path_, errno);
      if (got == 0)
        return cut_short(path_);
      if (got > 0)
        have += static_cast<std::size_t>(got), next_ += got;
    }
    return {};
  }

  const std::string& path() const override { return path_; }

private:
  const std::string path_; ///< which it had
  const int file_;
  off_t next_ = 0; ///< to be read
};

class memory_file final : public scratch_file {
public:
  result<void> append(std::string_view bytes) override {
    bytes_ += bytes;
    return {};
  }
  result<void> read(std::size_t size, std::string& to) override {
    if (size > bytes_.size() - next_)
      return cut_short(path_);
    to.assign(bytes_, next_, size);
    next_ += size;
    return {};
  }
  const std::string& path() const override { return path_; }

private:
  const std::string path_ = "memory";
  std::string bytes_;
  std::size_t next_ = 0; ///< to be read
};

std::string usual_folder() {
  const char* const given = std::getenv("TMPDIR");
  return given && *given ? given : "/var/tmp"; // /tmp may be memory
}

result<std::unique_ptr<scratch_file>> make_unnamed_file(const std::string& folder) {
  std::string path = folder + "/leat-batch-XXXXXX";
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file < 0)
    return write_error(path, errno);
  std::unique_ptr<scratch_file> made = std::make_unique<unnamed_file>(path, file);
  if (::unlink(path.c_str()) != 0)
    return write_error(path, errno);
  return made;
}

} // namespace

make_scratch_file scratch_files_in(std::string folder) {
  if (folder.empty())
    folder = usual_folder();
  return [folder = std::move(folder)] { return make_unnamed_file(folder); };
}

make_scratch_file simulated_scratch_files() {
  return [] { return result<std::unique_ptr<scratch_file>>(std::make_unique<memory_file>()); };
}

} // namespace leat
