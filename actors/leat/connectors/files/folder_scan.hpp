// The files of a folder that are new and complete.
#pragma once

#include <leat/error.hpp>
#include <leat/record.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace leat {

/// Scans a folder again and again. A file counts as complete when two consecutive scans found it
/// with the same size and time of last change.
class folder_scan {
public:
  /// A file that was handed out, as it was then.
  struct read_file {
    std::string name;
    std::uint64_t size = 0;
    std::int64_t changed_at = 0; ///< nanoseconds
    static constexpr auto fields = leat::fields("read_file", leat::field("name", &read_file::name),
                                                leat::field("size", &read_file::size),
                                                leat::field("changed_at", &read_file::changed_at));
  };

  /// What one look found, each list sorted by the bytes of the names, and parts of an output by
  /// epoch.
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

  /// All that it handed out and that is still there, by name.
  std::vector<read_file> handed_out() const;
  /// Takes them for handed out.
  void resume(const std::vector<read_file>& before);

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
