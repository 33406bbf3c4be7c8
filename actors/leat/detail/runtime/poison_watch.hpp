// Finds records that bring down their stage again and again. What a subtask is at stands in a page
// of memory that a file backs, so that it outlives the process.
#pragma once

#include <leat/detail/transport/rows.hpp>
#include <leat/error.hpp>

#include <memory>
#include <optional>
#include <string>

namespace leat {

/// Of one subtask. Off until an attempt has failed in it: then the next ones note each record
/// before it is processed, until the first checkpoint is complete.
class poison_watch {
public:
  /// What identifies a record in every attempt; 0: nothing does.
  using record_id = std::uint64_t;
  /// By its stamp, or by its content if it has none.
  static record_id id_of(const rows& from, std::size_t i);
  /// Of a source: by its place in its split.
  static record_id id_of(std::uint32_t split, std::uint64_t position);

  /// Maps the file, which is created if it is missing, and counts what the attempt before has left
  /// there. A record is poison when it has brought down the subtask so often.
  static result<std::unique_ptr<poison_watch>> open(const std::string& path, std::size_t times);
  ~poison_watch();
  poison_watch(const poison_watch&) = delete;
  poison_watch& operator=(const poison_watch&) = delete;

  bool on() const { return on_; }
  void off() { on_ = false; }

  /// Why a record is poison; nothing if it is not.
  std::optional<std::string> verdict(record_id r) const;
  /// The record is being processed.
  void begin(record_id r);
  /// None is.
  void end() { begin(0); }
  /// The record being processed, or something between two, fails the subtask.
  void blame(std::string_view why);

  /// While one lives, what this thread runs is the subtask of the watch; null: none.
  class turn {
  public:
    explicit turn(poison_watch* of);
    ~turn();
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
  };

private:
  struct page;

  poison_watch(page* mapped, std::size_t times);
  void count_last();

  page* const page_;
  const std::size_t times_;
  bool on_ = false;
};

/// Blames what this thread runs for a signal that ends the process. To be called by its handler.
void blame_for_signal(int signal) noexcept;

} // namespace leat
