#include <leat/file_use.hpp>

#include <filesystem>

namespace leat {

std::string canonical_path(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int most_links = 40; // as Linux has it: beyond it the links are a circle
  std::error_code failed;
  fs::path at = fs::absolute(path, failed);
  for (int links = 0; !failed && links < most_links && fs::is_symlink(at, failed); ++links) {
    const fs::path target = fs::read_symlink(at, failed);
    if (!failed)
      at = at.parent_path() / target; // or the target, where that is absolute
  }
  const fs::path canonical = fs::weakly_canonical(at, failed);
  return failed || canonical.empty() ? path : canonical.string();
}

} // namespace leat
