// Where keyed state lies that is larger than memory: a store of bytes by key for each subtask.
// What is implemented here is given to a job by run_options::states; without it all state lies in
// memory.
//
// All functions throw leat::failure where the store cannot be read or written.
#pragma once

#include <leat/error.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// A file that a store consists of.
struct stored_file {
  std::string name; ///< within its store
  /// Of a file that is complete: the store will have no other file of this name, so that a link is
  /// as good as a copy. Empty if the content is given instead.
  std::string path = {};
  std::string content = {};
};

/// What a store held at a moment. Its files are there as long as this object.
class stored_files {
public:
  virtual ~stored_files() = default;
  virtual const std::vector<stored_file>& all() const = 0;
};

/// A key that gets a value, or loses it.
struct state_change {
  std::string key;
  std::optional<std::string> value;
};

/// The store of one subtask, used by one thread at a time.
class cold_states {
public:
  virtual ~cold_states() = default;
  /// False if the key has no value.
  virtual bool get(std::string_view key, std::string& value) = 0;
  virtual void write(const std::vector<state_change>& changes) = 0;
  /// Calls a function with each key that begins with a prefix, as it was when the walk began. The
  /// function may write.
  virtual void walk(std::string_view prefix,
                    const std::function<void(std::string_view key, std::string_view value)>&) = 0;
  /// All that is in the store, as files from which another one can begin. What is written later
  /// does not change them.
  virtual std::shared_ptr<const stored_files> files() = 0;
  /// Bytes that a subtask may hold in memory besides.
  virtual std::size_t budget() const = 0;
};

/// Opens the stores of a process. Thread-safe.
class state_backend {
public:
  virtual ~state_backend() = default;
  /// Whose files these are: only a backend of this name can read them.
  virtual std::string_view name() const = 0;
  /// A store that begins with the content of these files, which may go afterwards; with none it is
  /// empty. `owner` names it in paths. Every file has a path.
  virtual std::unique_ptr<cold_states> open(const std::string& owner,
                                            const std::vector<stored_file>& from) = 0;
};

/// Makes a backend that keeps its stores in a folder, and as many bytes in the memory of this
/// process. It touches the folder when the first store is opened.
using make_state_backend =
    std::function<std::shared_ptr<state_backend>(const std::string& folder, std::uint64_t memory)>;

} // namespace leat
