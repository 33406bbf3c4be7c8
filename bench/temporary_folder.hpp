// A folder for the files of one measurement.
#pragma once

#include <leat/error.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace bench {

/// Made empty; gone with this, and with all that is in it.
class temporary_folder {
public:
  temporary_folder() {
    if (!::mkdtemp(path_.data()))
      throw leat::failure(leat::external_error("cannot make the folder " + path_));
  }
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_ = std::filesystem::temp_directory_path() / "leat-bench-XXXXXX";
};

} // namespace bench
