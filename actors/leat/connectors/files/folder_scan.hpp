// The files of a folder that are new and complete.
#pragma once

#include <leat/error.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace leat {

/// Scans a folder again and again. A file counts as complete when two consecutive scans found it
/// with the same size and time of last change.
class folder_scan {
public:
  /// What one look found, each list sorted by the bytes of the names.
  struct found {
    std::vector<std::string> whole;   ///< paths to be read now; each once
    std::vector<std::string> changed; ///< read before, and changed since
    bool last = false;                ///< the closing file is there: nothing comes after `whole`
  };

  /// Files whose names match the pattern (* ? [..]). `until` names the closing file, or is empty.
  folder_scan(std::string folder, std::string pattern, std::string until);

  /// Looks. An error if the folder cannot be read. Files that have gone are forgotten: what comes
  /// under their name is new.
  result<found> look();

  const std::string& folder() const { return folder_; }

private:
  struct seen {
    std::uint64_t size = 0;
    std::int64_t changed_at = 0; ///< nanoseconds
    bool handed_out = false;
    friend bool same(const seen& a, const seen& b) {
      return a.size == b.size && a.changed_at == b.changed_at;
    }
  };
  using listing = std::map<std::string, seen>; // by name

  result<listing> list(bool& closed) const;

  std::string folder_;
  std::string pattern_;
  std::string until_;
  listing known_;
};

} // namespace leat
