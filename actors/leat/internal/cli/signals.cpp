#include <leat/internal/cli/signals.hpp>

#include <leat/detail/runtime/poison_watch.hpp>

#include <array>
#include <atomic>
#include <chrono>

namespace leat {

namespace {

// A handler reaches nothing but what is static. It only grows, so nobody has to reset it.
std::atomic<int> received{0};
std::atomic<int> last_received{SIGINT};
static_assert(std::atomic<int>::is_always_lock_free, "a handler must not wait for a lock");

constexpr std::chrono::milliseconds together{20};
std::atomic<std::chrono::steady_clock::rep> counted_at{0};

extern "C" void count_signal(int signal) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  auto before = counted_at.load(std::memory_order_relaxed);
  if (now - before >= std::chrono::steady_clock::duration(together).count() &&
      counted_at.compare_exchange_strong(before, now, std::memory_order_relaxed)) {
    last_received.store(signal, std::memory_order_relaxed);
    received.fetch_add(1, std::memory_order_release);
  }
}

void ignore_unhandled(int signal) {
  struct sigaction now {};
  if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
    std::signal(signal, SIG_IGN);
}

constexpr std::array crashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
std::array<struct sigaction, NSIG> before_crash{};

extern "C" void note_crash(int signal) {
  blame_for_signal(signal);
  sigaction(signal, &before_crash[static_cast<std::size_t>(signal)], nullptr);
  ::raise(signal); // comes once this handler has returned
}

} // namespace

stop_signals::stop_signals() : begin_(received) {
  counted_at = 0;
  struct sigaction counting {};
  counting.sa_handler = count_signal;
  counting.sa_flags = SA_RESTART; // reads and writes under way are not disturbed
  sigemptyset(&counting.sa_mask);
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction before {};
    if (sigaction(signal, nullptr, &before) != 0 || before.sa_handler == SIG_IGN)
      continue;
    if (sigaction(signal, &counting, nullptr) == 0)
      former_.push_back({signal, before});
  }
}

stop_signals::~stop_signals() { release(); }

int stop_signals::count() const { return received.load(std::memory_order_acquire) - begin_; }

int stop_signals::last() const { return last_received.load(std::memory_order_relaxed); }

std::string_view again_text(int signal) {
  return signal == SIGTERM ? "SIGTERM again" : "Ctrl-C again";
}

void stop_signals::release() {
  for (const former& f : former_)
    sigaction(f.signal, &f.action, nullptr);
  former_.clear();
}

void survive_file_limit() { ignore_unhandled(SIGXFSZ); }

void survive_closed_connections() { ignore_unhandled(SIGPIPE); }

void blame_crashes() {
  struct sigaction noting {};
  noting.sa_handler = note_crash;
  noting.sa_flags = SA_ONSTACK;
  sigemptyset(&noting.sa_mask);
  for (const int signal : crashes)
    sigaction(signal, &noting, &before_crash[static_cast<std::size_t>(signal)]);
}

} // namespace leat
