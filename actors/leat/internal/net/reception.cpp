#include <leat/internal/net/reception.hpp>

#include <algorithm>
#include <poll.h>

namespace leat {

namespace {

constexpr std::chrono::seconds farewell{1};
constexpr std::size_t most_guests = 64;
constexpr std::size_t most_first_bytes = 16 * 1024; // a request with all its labels has less
constexpr std::size_t most_refusals = 16;           // that are kept: strangers may send any number

} // namespace

result<reception> reception::open(const node_address& at, const credentials& by,
                                  std::chrono::milliseconds patience) {
  auto listening = listen_on(at);
  if (!listening)
    return listening.error();
  return reception(std::move(*listening), by, patience);
}

reception::reception(owned_socket listening, const credentials& by,
                     std::chrono::milliseconds patience)
    : listening_(std::move(listening)), by_(&by), patience_(patience),
      address_(local_address(listening_.get())) {}

std::vector<reception::arrival> reception::wait(deadline until) {
  while (arrived_.empty() && !has_passed(until)) {
    std::vector<pollfd> awaited{{listening_.get(), POLLIN, 0}};
    deadline next = until;
    for (const guest& g : guests_) {
      awaited.push_back({g.link.socket(), g.awaits, 0});
      next = std::min(next, g.until);
    }
    ::poll(awaited.data(), awaited.size(), poll_timeout(next));
    accept_guests();
    std::erase_if(guests_, [this](guest& g) { return attend(g); });
  }
  return std::exchange(arrived_, {});
}

void reception::accept_guests() {
  while (owned_socket s = accept_from(listening_.get())) {
    if (guests_.size() == most_guests) {
      note(external_error("too many connections wait: the oldest is closed"));
      guests_.pop_front();
    }
    guests_.push_back({tls_link(std::move(s), *by_, true), within(patience_), POLLIN});
  }
}

// True if the guest is to be forgotten: it has arrived, or was turned away.
bool reception::attend(guest& g) {
  const bool too_late = has_passed(g.until);
  if (g.refused)
    return too_late || g.link.drained();
  if (!g.met) {
    const auto events = g.link.shake_hands();
    if (!events)
      return turn_away(g, events.error());
    g.met = *events == 0;
    g.awaits = g.met ? short{POLLIN} : *events;
  }
  if (g.met) {
    const auto whole = g.link.receive(most_first_bytes);
    if (!whole)
      return turn_away(g, whole.error());
    if (*whole) {
      std::string message = g.link.take_message();
      arrived_.push_back({std::move(g.link), std::move(message)});
      return true;
    }
  }
  if (too_late)
    note(external_error(g.link.address() + " connected, and said nothing"));
  return too_late;
}

// A connection that is closed with something unread is reset, and the other end may never read why:
// so it has some time to close first.
bool reception::turn_away(guest& g, error why) {
  note(std::move(why));
  g.link.end_writing();
  g.refused = true;
  g.awaits = POLLIN;
  g.until = within(farewell);
  return false;
}

void reception::note(error why) {
  if (refusals_.size() < most_refusals)
    refusals_.push_back(std::move(why));
}

} // namespace leat
