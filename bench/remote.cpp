#include "remote.hpp"

#include "item.hpp"
#include "nodes.hpp"

#include <leat/detail/transport/frame_codec.hpp>
#include <leat/detail/transport/frame_limits.hpp>
#include <leat/internal/trust/credentials.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <cstring>
#include <openssl/ssl.h>
#include <span>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bench {

namespace {

using clock = std::chrono::steady_clock;
constexpr std::size_t frame_records = leat::frame_limits{}.records;

double seconds(clock::duration d) { return std::chrono::duration<double>(d).count(); }

/// Both ends of a connection on loopback.
struct connection {
  int from = -1;
  int to = -1;

  connection() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&at);
    socklen_t size = sizeof at;
    from = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::bind(listener, address, size) != 0 || ::listen(listener, 1) != 0 ||
        ::getsockname(listener, address, &size) != 0 || ::connect(from, address, size) != 0)
      throw std::runtime_error("no connection on loopback");
    to = ::accept(listener, nullptr, nullptr);
    ::close(listener);
  }
  ~connection() { ::close(from), ::close(to); }
  void end() const { ::shutdown(to, SHUT_RDWR); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
};

/// One end of a connection: how it reads and writes.
struct plain_end {
  int socket;

  ssize_t write(const char* bytes, std::size_t size) { return ::write(socket, bytes, size); }
  ssize_t read(char* bytes, std::size_t size) { return ::read(socket, bytes, size); }
};

/// The same under TLS. The first call shakes hands.
struct tls_end {
  leat::tls_session session;

  tls_end(int socket, const certificates& by, const std::string& name, bool accepts) {
    const auto own = leat::credentials::load(by.folder(), name);
    if (!own)
      throw leat::failure(own.error());
    session = own->begin(socket, accepts);
  }
  ssize_t write(const char* bytes, std::size_t size) {
    return ::SSL_write(session.get(), bytes, static_cast<int>(size));
  }
  ssize_t read(char* bytes, std::size_t size) {
    return ::SSL_read(session.get(), bytes, static_cast<int>(size));
  }
};

template <class End>
bool send_all(End& to, std::span<const item> frame) {
  const auto* bytes = reinterpret_cast<const char*>(frame.data());
  for (std::size_t left = frame.size_bytes(); left > 0;) {
    const auto sent = to.write(bytes, left);
    if (sent <= 0)
      return false;
    bytes += sent, left -= static_cast<std::size_t>(sent);
  }
  return true;
}

template <class End>
void send_records(End& to, std::uint64_t count) {
  std::vector<item> frame;
  for (std::uint64_t n = 0; n < count;) {
    frame.clear();
    while (frame.size() < frame_records && n < count)
      frame.push_back(generate(n++));
    if (!send_all(to, frame))
      return; // the receiver sees that some are missing
  }
}

/// Seconds from the first record to the last; 0 if the connection ends before.
template <class End>
double receive_records(End& from, std::uint64_t count) {
  std::uint64_t seen = 0, sum = 0;
  std::vector<item> frame(frame_records);
  auto* bytes = reinterpret_cast<char*>(frame.data());
  std::size_t held = 0;
  clock::time_point first;
  while (seen < count) {
    const auto got = from.read(bytes + held, frame.size() * sizeof(item) - held);
    if (got <= 0)
      return 0;
    if (seen == 0)
      first = clock::now();
    held += static_cast<std::size_t>(got);
    const std::size_t whole = held / sizeof(item);
    for (const item& i : std::span<const item>(frame).first(whole))
      sum += weight(i);
    seen += whole;
    std::memmove(bytes, bytes + whole * sizeof(item), held -= whole * sizeof(item));
  }
  return sum > 0 ? seconds(clock::now() - first) : 0;
}

template <class End>
double records_per_second(End from, End to, const connection& c, std::uint64_t count) {
  std::thread sender([&] { send_records(from, count); });
  const double taken = receive_records(to, count);
  c.end(); // a sender whose receiver failed would wait for ever
  sender.join();
  if (taken == 0)
    throw std::runtime_error("the connection on loopback broke");
  return static_cast<double>(count) / taken;
}

} // namespace

double codec_nanoseconds(std::uint64_t count) {
  const auto codec = leat::row_codec_of<item>();
  auto rows = leat::make_rows(leat::record_type_of<item>, frame_records, frame_records);
  for (std::uint64_t n = 0; n < frame_records; ++n)
    rows->push_back<item>(generate(n));
  leat::frame f;
  f.records = rows;
  f.paid = f.cost();
  std::uint64_t seen = 0;
  const auto start = clock::now();
  for (std::uint64_t n = 0; n < count; n += frame_records) {
    std::string bytes;
    leat::encode_frame(f, *codec, bytes);
    const auto back = leat::decode_frame(bytes, *codec);
    if (!back)
      throw leat::failure(back.error());
    seen += back->as<item>().back().value;
  }
  const double taken = seconds(clock::now() - start);
  if (seen == 0)
    throw std::runtime_error("nothing was decoded");
  return taken * 1e9 / static_cast<double>(count);
}

double raw_tcp(std::uint64_t count) {
  const connection c;
  return records_per_second(plain_end{c.from}, plain_end{c.to}, c, count);
}

double raw_tls(std::uint64_t count, const certificates& by) {
  const connection c;
  return records_per_second(tls_end(c.from, by, certificates::worker(1), false),
                            tls_end(c.to, by, certificates::coordinator, true), c, count);
}

} // namespace bench
