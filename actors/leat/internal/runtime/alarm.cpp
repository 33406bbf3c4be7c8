#include <leat/internal/runtime/alarm.hpp>

#include <leat/error.hpp>

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace leat {

alarm::file::file(int opened) : number(opened) {
  if (opened < 0)
    throw failure(external_error(fmt::format("cannot make a timer: {}", std::strerror(errno)),
                                 errno == EMFILE ? "allow more open files: see ulimit -n" : ""));
}

alarm::file::~file() { ::close(number); }

// Threads that wait in one epoll set are woken one at a time, and by an edge only once.
alarm::alarm()
    : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)),
      bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), sleepers_(::epoll_create1(EPOLL_CLOEXEC)) {
  epoll_event rings{};
  rings.events = EPOLLIN | EPOLLET;
  ::epoll_ctl(sleepers_.number, EPOLL_CTL_ADD, timer_.number, &rings);
  ::epoll_ctl(sleepers_.number, EPOLL_CTL_ADD, bell_.number, &rings);
}

void alarm::set(clock_time when) {
  constexpr clock_time second = 1'000'000'000;
  itimerspec t{}; // zero: it does not ring
  if (when != never)
    t.it_value = {std::max<clock_time>(when, 1) / second, std::max<clock_time>(when, 1) % second};
  ::timerfd_settime(timer_.number, TFD_TIMER_ABSTIME, &t, nullptr);
}

void alarm::ring() { ::eventfd_write(bell_.number, 1); }

void alarm::sleep() {
  epoll_event rung{};
  while (::epoll_wait(sleepers_.number, &rung, 1, -1) < 0) { // interrupted by a signal
  }
}

} // namespace leat
