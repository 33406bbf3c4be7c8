// SIGINT and SIGTERM as a number one can ask for.
#pragma once

#include <csignal>
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

} // namespace leat
