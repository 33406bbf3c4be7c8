// Files in memory, as a disk keeps them that may lose its power at any moment: a crash loses or
// tears what was not synced. The same seed and calls give the same files.
#pragma once

#include <leat/internal/checkpoint/file_system.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <random>

namespace leat {

/// Thrown by the operation at which a process was to stop; no code of the process runs after it.
struct simulated_stop {};

/// What happens to an operation.
struct simulated_fault {
  enum class kind {
    none,
    fails,      ///< has no effect; what a failed sync was to write is never written
    fails_late, ///< takes effect, and reports an error
    stops,      ///< the process stops before it
    stops_late  ///< and after it
  };
  kind what = kind::none;
  int code = 0; ///< of errno
};

/// The folders of paths must be made, but for "/". Of one thread.
class simulated_files final : public file_system {
public:
  explicit simulated_files(std::uint64_t seed);

  struct operation {
    std::uint64_t number; ///< from 0
    std::string_view verb;
    const std::string& path;
  };
  /// Is asked before each operation. It may call operations itself.
  using interference = std::function<simulated_fault(const operation&)>;
  void interfere(interference f) { interfere_ = std::move(f); }
  std::uint64_t operations() const { return operations_; }

  /// The power fails: of what was not synced a part is left, as the seed chooses. Files that are
  /// open must not be used any more. Locks are released.
  void crash();

  result<void> make_folder(const std::string& path) override;
  result<std::unique_ptr<new_file>> create(const std::string& path) override;
  result<bool> link(const std::string& file, const std::string& name) override;
  result<void> remove(const std::string& path) override;
  result<void> sync_folder(const std::string& path) override;
  result<std::string> read(const std::string& path) override;
  result<std::vector<std::string>> list(const std::string& path) override;
  result<std::unique_ptr<file_lock>> lock(const std::string& path,
                                          const std::string& holder) override;

  /// Makes or replaces a file, and the folders that it lies in, on the disk too: damage, or a copy.
  void put(const std::string& path, std::string content);
  /// What is in each file, by path.
  std::map<std::string, std::string> contents() const;

private:
  struct node;
  class written_file;
  using node_ptr = std::shared_ptr<node>;
  using holder_ptr = std::shared_ptr<const std::string>;
  class held_lock;

  template <class Effect, class Failure>
  auto perform(std::string_view verb, const std::string& path, Effect effect, Failure failed)
      -> decltype(effect());
  template <class Effect>
  auto perform(std::string_view verb, const std::string& path, Effect effect) {
    return perform(verb, path, std::move(effect), [] {});
  }

  node_ptr find(const std::string& path) const;
  result<void> enter(const std::string& path, node_ptr what);
  void lose(node& of);
  std::string torn(std::string bytes);
  std::size_t below(std::size_t limit);

  node_ptr root_;
  std::map<std::string, std::weak_ptr<const std::string>> locks_;
  interference interfere_;
  std::uint64_t operations_ = 0;
  std::mt19937_64 random_;
};

} // namespace leat
