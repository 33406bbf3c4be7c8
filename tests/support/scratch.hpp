// A file in memory that a test can look into, damage and make fail.
#pragma once

#include <leat/detail/transport/scratch_file.hpp>

#include <algorithm>
#include <optional>

namespace support {

/// What the files of one maker contain, and when they fail.
struct scratch_disk {
  std::size_t files = 0;   ///< that were made ...
  std::size_t open = 0;    ///< ... and are still there
  std::string last;        ///< the content of the newest one
  std::size_t room = -1UL; ///< bytes until the disk is full
};

class kept_scratch final : public leat::scratch_file {
public:
  explicit kept_scratch(scratch_disk& disk) : disk_(disk) {
    ++disk.files, ++disk.open;
    disk.last.clear();
  }
  ~kept_scratch() override { --disk_.open; }

  leat::result<void> append(std::string_view bytes) override {
    if (bytes.size() > disk_.room)
      return leat::user_error("cannot write \"" + path_ + "\": the disk is full", "another hint");
    disk_.room -= bytes.size();
    disk_.last += bytes;
    return {};
  }
  leat::result<void> read(std::size_t size, std::string& to) override {
    if (size > disk_.last.size() - std::min(next_, disk_.last.size()))
      return leat::external_error("\"" + path_ + "\" is damaged: it was cut short");
    to = disk_.last.substr(next_, size);
    next_ += size;
    return {};
  }
  const std::string& path() const override { return path_; }

private:
  scratch_disk& disk_;
  const std::string path_ = "scratch";
  std::size_t next_ = 0;
};

inline leat::make_scratch_file scratch_on(scratch_disk& disk) {
  return [&disk] {
    return leat::result<std::unique_ptr<leat::scratch_file>>(std::make_unique<kept_scratch>(disk));
  };
}

} // namespace support
