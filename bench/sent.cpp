#include "sent.hpp"

#include <sys/socket.h>

#include <mutex>
#include <string_view>

namespace bench {

namespace {

/// Reads what goes over a connection: headers of 32 bytes, each before as many bytes of content as
/// its second word says.
class message_counter {
public:
  void read(std::string_view bytes, message_counts& counts) {
    while (!bytes.empty()) {
      const std::size_t wanted = begin_.size() < header ? header - begin_.size() : left_;
      const std::string_view part = bytes.substr(0, wanted);
      bytes.remove_prefix(part.size());
      if (begin_.size() < header) {
        begin_ += part;
        if (begin_.size() == header)
          left_ = content_size();
      } else {
        begin_ += part.substr(0, most - std::min(begin_.size(), most));
        left_ -= part.size();
      }
      if (begin_.size() >= header && left_ == 0) {
        ++counts[kind()];
        begin_.clear();
      }
    }
  }

private:
  static constexpr std::size_t header = 32;
  static constexpr std::size_t most = 160; // the type is named within as many

  std::size_t content_size() const {
    std::size_t size = 0;
    for (std::size_t i = 4; i < 8; ++i)
      size = size << 8 | static_cast<unsigned char>(begin_[i]);
    return size;
  }

  std::string kind() const {
    constexpr std::string_view ours = "leat::";
    const auto at = begin_.find(ours, header);
    if (at == std::string::npos)
      return "caf";
    const auto from = at + ours.size();
    const auto end = begin_.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", from);
    return begin_.substr(from, end - from);
  }

  std::string begin_; // of the message under way
  std::size_t left_ = 0;
};

std::mutex mutex;
std::map<int, message_counter> connections; // by socket
message_counts counts;

} // namespace

message_counts sent_messages() {
  const std::lock_guard lock(mutex);
  return counts;
}

} // namespace bench

/// In place of that of the C library, for CAF, which writes to its connections by this call.
extern "C" ssize_t send(int socket, const void* bytes, std::size_t size, int flags) {
  const ssize_t sent = ::sendto(socket, bytes, size, flags, nullptr, 0);
  if (sent > 0) {
    const std::lock_guard lock(bench::mutex);
    bench::connections[socket].read(
        {static_cast<const char*>(bytes), static_cast<std::size_t>(sent)}, bench::counts);
  }
  return sent;
}
