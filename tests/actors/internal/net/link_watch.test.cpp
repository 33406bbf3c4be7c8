#include <leat/internal/net/link_watch.hpp>

#include "support/links.hpp"

#include <atomic>
#include <poll.h>

using namespace leat;
using namespace support;
using namespace std::chrono_literals;

TEST_CASE("a connection is shut down when its other end has been silent for two seconds") {
  const tcp_pair silent;
  const tcp_pair answering;
  std::atomic<int> looks = 0;
  link_watch watch([&](int s) {
    looks += s == answering.connecting.get();
    return s == silent.connecting.get() ? 2000ms : 1999ms;
  });
  watch.add(answering.connecting.get());
  watch.add(silent.connecting.get());
  CHECK(wait_for(silent.connecting.get(), POLLRDHUP, soon()));
  while (looks < 2)
    std::this_thread::sleep_for(1ms);
  CHECK_FALSE(has_hung_up(answering.connecting.get()));
}

TEST_CASE("a connection that is not watched any more is left alone") {
  const tcp_pair first;
  const tcp_pair second;
  link_watch watch([&](int) { return 1h; });
  watch.add(first.connecting.get());
  watch.remove(first.connecting.get());
  watch.add(second.connecting.get());
  CHECK(wait_for(second.connecting.get(), POLLRDHUP, soon()));
  watch.remove(second.connecting.get());
  const tcp_pair third;
  watch.add(third.connecting.get());
  CHECK(wait_for(third.connecting.get(), POLLRDHUP, soon()));
  CHECK_FALSE(has_hung_up(first.connecting.get()));
}

TEST_CASE("watching ends, whether connections are watched or not") {
  const tcp_pair p;
  link_watch().add(p.connecting.get());
  const link_watch nothing;
}
