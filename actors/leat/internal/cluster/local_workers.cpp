#include <leat/internal/cluster/local_workers.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>

namespace leat {

namespace {

result<std::pair<owned_socket, owned_socket>> new_link() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return external_error(fmt::format("the workers cannot be connected: {}", std::strerror(errno)),
                          errno == EMFILE ? "fewer workers, or more open files: see ulimit -n"
                                          : "");
  return std::pair{owned_socket(ends[0]), owned_socket(ends[1])};
}

} // namespace

result<std::unique_ptr<worker_group>> local_workers::start(std::size_t count, std::uint64_t term) {
  std::unique_ptr<local_workers> group(new local_workers(count));
  if (auto done = group->start_processes(term); !done)
    return done.error();
  return std::unique_ptr<worker_group>(std::move(group));
}

// Every two nodes are connected by a pair of sockets that only they hold: what is of no process
// started so far is kept here until its turn, and closed when it has been inherited.
result<void> local_workers::start_processes(std::uint64_t term) {
  const std::size_t all = nodes_.size() + 1;
  std::vector<std::vector<owned_socket>> links(all); // by node, to each other node
  for (auto& ends : links)
    ends.resize(all);
  for (std::size_t node = 0; node < all; ++node) {
    for (std::size_t later = node + 1; later < all; ++later) {
      auto made = new_link();
      if (!made)
        return made.error();
      links[node][later] = std::move(made->first);
      links[later][node] = std::move(made->second);
    }
    if (node == 0)
      continue;
    worker_invitation order{term, node, {}};
    for (std::size_t other = 0; other < all; ++other)
      if (other != node)
        order.links.push_back(links[node][other].get());
    if (auto started = processes_.start(order); !started)
      return started;
    links[node].clear();
    links_.emplace_back(std::move(links[0][node]));
  }
  return {};
}

} // namespace leat
