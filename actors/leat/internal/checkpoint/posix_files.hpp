// The system's files.
#pragma once

#include <leat/internal/checkpoint/file_system.hpp>

namespace leat {

/// Thread-safe.
class posix_files final : public file_system {
public:
  result<void> make_folder(const std::string& path) override;
  result<std::unique_ptr<new_file>> create(const std::string& path) override;
  result<bool> link(const std::string& file, const std::string& name) override;
  result<void> remove(const std::string& path) override;
  result<void> sync_folder(const std::string& path) override;
  result<std::string> read(const std::string& path) override;
  result<std::vector<std::string>> list(const std::string& path) override;
  result<std::unique_ptr<file_lock>> lock(const std::string& path,
                                          const std::string& holder) override;
};

} // namespace leat
