#include "remote.hpp"

#include "pipelines.hpp"

#include <leat/detail/transport/frame_codec.hpp>
#include <leat/internal/cluster/worker.hpp>

#include <arpa/inet.h>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace bench {

namespace {

using clock = std::chrono::steady_clock;
constexpr std::size_t frame_records = leat::frame_limits{}.records;

double seconds(clock::duration d) { return std::chrono::duration<double>(d).count(); }

/// When records came, and what they add up to.
struct arrivals {
  clock::time_point first;
  clock::time_point last;
  std::uint64_t count = 0;
  std::uint64_t sum = 0;
};

double per_second(const arrivals& seen) {
  if (seen.count != remote_records)
    throw std::runtime_error(fmt::format("{} of {} records came", seen.count, remote_records));
  return static_cast<double>(seen.count) / seconds(seen.last - seen.first);
}

struct arrival_sink {
  static constexpr bool at_coordinator = true;
  arrivals* seen;
  void write(std::span<const item> records) {
    if (seen->count == 0)
      seen->first = clock::now();
    for (const item& i : records)
      seen->sum += weight(i);
    seen->count += records.size();
    seen->last = clock::now();
  }
};

leat::graph over_there(arrivals& seen) {
  leat::graph g("remote");
  g.from("source", item_source{remote_records}).to("sink", arrival_sink{&seen});
  return g;
}

leat::run_options one_worker() {
  leat::run_options o;
  o.local_workers = 1;
  return o;
}

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
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
};

void send_all(int to, const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto sent = ::send(to, bytes, size, 0);
    if (sent <= 0)
      throw std::runtime_error("sending failed");
    bytes += sent, size -= static_cast<std::size_t>(sent);
  }
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

double remote_edge() {
  arrivals seen;
  const auto metrics = leat::run(over_there(seen), one_worker());
  if (!metrics)
    throw leat::failure(metrics.error());
  return per_second(seen);
}

double raw_tcp() {
  const connection c;
  arrivals seen;
  std::thread sender([&c] {
    std::vector<item> frame;
    for (std::uint64_t n = 0; n < remote_records;) {
      frame.clear();
      while (frame.size() < frame_records && n < remote_records)
        frame.push_back(generate(n++));
      send_all(c.from, reinterpret_cast<const char*>(frame.data()), frame.size() * sizeof(item));
    }
    ::shutdown(c.from, SHUT_WR);
  });
  arrival_sink sink{&seen};
  std::vector<item> frame(frame_records);
  auto* bytes = reinterpret_cast<char*>(frame.data());
  std::size_t held = 0;
  for (ssize_t got;
       (got = ::recv(c.to, bytes + held, frame.size() * sizeof(item) - held, 0)) > 0;) {
    held += static_cast<std::size_t>(got);
    const std::size_t whole = held / sizeof(item);
    sink.write(std::span<const item>(frame).first(whole));
    std::memmove(bytes, bytes + whole * sizeof(item), held -= whole * sizeof(item));
  }
  ::shutdown(c.to, SHUT_RDWR); // a sender whose receiver failed would wait for ever
  sender.join();
  return per_second(seen);
}

int remote_worker(const leat::worker_invitation& order) {
  arrivals unseen;
  const auto ended = leat::run_worker(over_there(unseen), one_worker(), leat::role_of(order));
  if (!ended)
    fmt::print(stderr, "bench: error: {}\n", leat::to_string(ended.error()));
  return ended ? 0 : 1;
}

} // namespace bench
