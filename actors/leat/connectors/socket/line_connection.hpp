// Lines from a server, with reconnection.
#pragma once

#include <leat/connectors/files/line_reader.hpp>
#include <leat/error.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace leat {

/// The address of a server: "tcp://host:port", "tcp://[::1]:9000" or "unix:/path".
struct socket_address {
  std::string text;
  std::string host; ///< empty for a Unix socket
  std::string port;
  std::string path; ///< of a Unix socket

  static result<socket_address> parse(std::string_view text);
};

struct socket_options {
  /// In bytes. Longer lines are dead letters.
  std::size_t max_line = line_reader::default_max_line;
  /// What the end of a connection means: connect again, or the end of the stream.
  bool reconnect = true;
  /// The wait before connecting again: doubled after each failure, up to the longest, and the first
  /// again after a line was received.
  std::chrono::nanoseconds first_wait = std::chrono::milliseconds{100};
  std::chrono::nanoseconds longest_wait = std::chrono::seconds{10};
  /// Consecutive failures after which the job fails; 0: never. A connection without a line is a
  /// failure.
  unsigned attempts = 10;
};

/// Connects and reconnects. Used by one thread; any thread may cancel it.
class line_connection {
public:
  line_connection(socket_address to, const socket_options& options)
      : to_(std::move(to)), options_(options) {}

  /// Connects, after the wait that is due. Null when cancelled. Throws leat::failure when there
  /// were too many failures in a row. `tell` is called with what is waited for.
  line_reader* connect(const std::function<void(std::string)>& tell);
  /// The connection delivered a line: it works.
  void works() { failures_ = 0; }
  /// Closes the connection, which ended for this reason (a copy: the reader that says it is closed
  /// too). Throws leat::failure if that was one failure too many.
  void broke(std::string reason);

  /// Ends reads, connects and waits, now and later.
  void cancel();
  bool cancelled() const;

private:
  result<int> open();
  result<int> open_tcp();
  result<int> open_unix();
  result<int> connect_to(int socket, const void* address, std::size_t size);
  bool wait(const std::function<void(std::string)>& tell);
  void close();

  const socket_address to_;
  const socket_options options_;
  unsigned failures_ = 0;
  std::string last_failure_;
  std::optional<line_reader> reader_; ///< owns the socket once connected

  mutable std::mutex mutex_; ///< guards what follows
  std::condition_variable cancelled_now_;
  bool cancelled_ = false;
  int socket_ = -1; ///< the open one
};

} // namespace leat
