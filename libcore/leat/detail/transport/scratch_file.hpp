// Bytes that a stage cannot hold in memory. They go with the stage: nothing in them outlives it.
#pragma once

#include <leat/error.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace leat {

/// Is written, then read, each from its begin on. Of one thread at a time; calls may wait for a
/// disk. Errors name the path.
class scratch_file {
public:
  virtual ~scratch_file() = default;
  virtual result<void> append(std::string_view bytes) = 0;
  /// Replaces `to` with the next `size` bytes; an error if there are fewer.
  virtual result<void> read(std::size_t size, std::string& to) = 0;
  /// For errors.
  virtual const std::string& path() const = 0;
};

using make_scratch_file = std::function<result<std::unique_ptr<scratch_file>>()>;

} // namespace leat
