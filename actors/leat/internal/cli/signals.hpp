// SIGINT and SIGTERM as a number one can ask for, SIGXFSZ as an error of the write, and what
// crashes leave behind.
#pragma once

#include <csignal>
#include <string_view>
#include <vector>

namespace leat {

/// While one lives, SIGINT and SIGTERM do nothing but count. Those that come within 20 ms count as
/// one: timeout(1) sends each twice. A signal that was ignored before (a
/// program started in the background) stays ignored. One at a time in a process, as there is one
/// handler for each signal.
class stop_signals {
public:
  stop_signals();
  ~stop_signals();
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;

  /// How many came since it was made. Thread-safe.
  int count() const;
  /// The one that was counted last; any if none was. Thread-safe.
  int last() const;

  /// Gives the signals back: the next does what it did before.
  void release();

private:
  struct former {
    int signal;
    struct sigaction action;
  };
  std::vector<former> former_;
  int begin_;
};

/// What is to be sent to have the same signal once more: "Ctrl-C again".
std::string_view again_text(int signal);

/// From now on a write beyond the limit on file sizes (ulimit -f) fails, and the process lives to
/// remove what it had begun. A handler of the program's own stays.
void survive_file_limit();

/// From now on a write to a connection that its other end has closed fails, and the process lives.
/// A handler of the program's own stays.
void survive_closed_connections();

/// From now on a signal that ends the process for a fault of its own, such as SIGSEGV, is blamed on
/// the subtask that the thread runs (detail/runtime/poison_watch.hpp). Then it does what it did
/// before.
void blame_crashes();

} // namespace leat
