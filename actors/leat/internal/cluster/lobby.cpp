#include <leat/internal/cluster/lobby.hpp>

#include <leat/detail/record/utf8.hpp>
#include <leat/internal/cluster/join.hpp>
#include <leat/internal/cluster/shipped_files.hpp>
#include <leat/internal/cluster/silence.hpp>

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{100};

// Who they are is proven. CAF sees that one is gone once both ends have met there; until then its
// socket says so, or says nothing any more.
class joined_workers final : public worker_group {
public:
  explicit joined_workers(std::vector<joined_worker> all) {
    for (joined_worker& w : all) {
      nodes_.push_back({w.about.name, w.about.slots, w.about.labels});
      watched_.emplace_back(::fcntl(w.link.socket(), F_DUPFD_CLOEXEC, 0));
      links_.emplace_back(std::move(w.link));
    }
  }

  const std::vector<node_description>& nodes() const override { return nodes_; }
  bool on_other_hosts() const override { return true; }
  std::vector<std::size_t> silent() override {
    std::vector<std::uint64_t> segments;
    for (const owned_socket& s : watched_)
      segments.push_back(segments_received(s.get()));
    return silence_.look(segments);
  }
  std::vector<connection> take_links() override { return std::exchange(links_, {}); }
  std::optional<error> first_ended() override {
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (has_hung_up(watched_[i].get()))
        return lost_before_job(nodes_[i].name);
    for (const std::size_t worker : silent())
      return lost_before_job(nodes_[worker].name);
    return {};
  }

private:
  std::vector<node_description> nodes_;
  std::vector<owned_socket> watched_; // copies, as CAF closes its own
  std::vector<connection> links_;
  silence silence_{lost_after()};
};

class lobby_workers final : public worker_source {
public:
  lobby_workers(lobby& at, std::size_t workers, shared_command what, std::function<bool()> stop,
                std::function<void(std::string)> tell)
      : at_(at), workers_(workers), what_(std::move(what)), stop_(std::move(stop)),
        tell_(std::move(tell)) {}

  result<std::unique_ptr<worker_group>> start(std::uint64_t term) override {
    auto all = at_.gather(workers_, term, what_, stop_, tell_);
    if (!all)
      return all.error();
    return std::unique_ptr<worker_group>(new joined_workers(std::move(*all)));
  }

private:
  lobby& at_;
  const std::size_t workers_;
  const shared_command what_;
  const std::function<bool()> stop_;
  const std::function<void(std::string)> tell_;
};

} // namespace

std::shared_ptr<worker_source> workers_of(lobby& at, std::size_t workers, shared_command what,
                                          std::function<bool()> stop,
                                          std::function<void(std::string)> tell) {
  return std::make_shared<lobby_workers>(at, workers, std::move(what), std::move(stop),
                                         std::move(tell));
}

result<lobby> lobby::open(const node_address& at, const credentials& by,
                          std::chrono::milliseconds patience, std::chrono::milliseconds silence) {
  (void)own_build(); // now, so that no guest waits for it
  auto there = reception::open(at, by);
  if (!there)
    return there.error();
  return lobby(std::move(*there), by, patience, silence);
}

result<std::vector<joined_worker>> lobby::gather(std::size_t workers, std::uint64_t term,
                                                 const shared_command& what,
                                                 const std::function<bool()>& stop,
                                                 const std::function<void(std::string)>& tell) {
  const bool again = std::exchange(began_, true);
  if (again)
    tell(fmt::format("waiting for {} workers to go on", workers));
  const deadline all_until = again && fewer_after_ ? within(*fewer_after_) : deadline::max();
  while (waiting_.size() < workers && (waiting_.empty() || !has_passed(all_until))) {
    if (stop())
      return user_error("stopped while it waited for workers");
    auto arrived = reception_.wait(within(between_looks));
    forget_gone(tell); // first: one that has left may have come again
    for (auto& a : arrived)
      welcome(std::move(a), workers, tell);
    for (const error& e : reception_.take_refusals())
      tell("turned away: " + e.what);
  }
  auto all = std::exchange(waiting_, {});
  tell(all.size() == workers ? "all workers are there: the job begins"
                             : fmt::format("{} of {} workers are there: the job goes on with fewer",
                                           all.size(), workers));
  std::ranges::sort(all, {}, [](const joined_worker& w) { return w.about.name; });
  join_answer answer;
  answer.term = term;
  answer.arguments = what.arguments;
  for (const joined_worker& w : all)
    answer.nodes.push_back(w.about);
  for (const std::string& path : what.files) {
    auto file = describe_file(path, what.file_limit);
    if (!file)
      return file.error();
    answer.files.push_back(std::move(*file));
  }
  if (auto done = brief(all, std::move(answer)); !done)
    return done.error();
  if (auto done = await_prepared(all, stop); !done)
    return done.error();
  return all;
}

void lobby::welcome(reception::arrival a, std::size_t wanted,
                    const std::function<void(std::string)>& tell) {
  auto worker = admit(a);
  if (worker && waiting_.size() == wanted)
    worker = user_error(fmt::format("all {} workers have joined", wanted));
  if (!worker) {
    tell(fmt::format("turned away: {} ({}): {}", a.link.peer().name, a.link.address(),
                     worker.error().what));
    join_answer refusal;
    refusal.refusal = worker.error().what;
    (void)a.link.send(as_bytes(refusal), within(patience_));
    return;
  }
  waiting_.push_back({std::move(*worker), std::move(a.link)});
  tell(fmt::format("worker {} has joined ({} of {})", waiting_.back().about.name, waiting_.size(),
                   wanted));
}

// The worker that it is to be; an error to turn it away with.
result<joined_node> lobby::admit(const reception::arrival& a) const {
  auto r = from_bytes<join_request>(a.message);
  if (!r)
    return r.error();
  if (r->version != join_version || r->build != own_build())
    return user_error("it runs another build of the program than the coordinator");
  if (r->coordinator != own_.name)
    return user_error(fmt::format("it wants the coordinator {}, and this is {}",
                                  shown(r->coordinator), own_.name));
  const std::string& name = a.link.peer().name;
  if (name == own_.name || name == coordinator_name)
    return user_error(fmt::format("it has the name of the coordinator, {}", name));
  if (std::ranges::any_of(waiting_, [&](const joined_worker& w) { return w.about.name == name; }))
    return user_error(fmt::format("a worker {} has joined already", name));
  joined_node about{name, r->slots, std::move(r->labels), std::move(r->address)};
  if (auto good = check(about); !good)
    return good.error();
  return about;
}

// They have nothing to say until they are told what to run.
void lobby::forget_gone(const std::function<void(std::string)>& tell) {
  std::erase_if(waiting_, [&](const joined_worker& w) {
    const bool gone = w.link.disturbed();
    if (gone)
      tell(fmt::format("worker {} has left", w.about.name));
    return gone;
  });
}

// Tells each worker its place, and sends the files that it lacks; then lets them meet, all at once:
// none waits for another that is still being sent files.
result<void> lobby::brief(std::vector<joined_worker>& all, join_answer answer) const {
  const auto lost = [](const joined_worker& w, const error& e) {
    return external_error(
        fmt::format("worker {} was lost while it joined: {}", w.about.name, e.what), e.hint, true);
  };
  for (joined_worker& w : all) {
    ++answer.node;
    if (auto sent = w.link.send(as_bytes(answer), within(patience_)); !sent)
      return lost(w, sent.error());
    if (auto sent = send_files(w.link, answer.files); !sent)
      return lost(w, sent.error());
  }
  for (joined_worker& w : all)
    if (auto sent = w.link.send(as_bytes(readiness{answer.term}), within(patience_)); !sent)
      return lost(w, sent.error());
  return {};
}

// They may take their time, for a large model, as long as they say so.
result<void> lobby::await_prepared(std::vector<joined_worker>& all,
                                   const std::function<bool()>& stop) const {
  struct awaited {
    joined_worker* who;
    deadline silent_until;
  };
  std::vector<awaited> missing;
  for (joined_worker& w : all)
    missing.push_back({&w, within(silence_)});
  while (!missing.empty()) {
    if (stop())
      return user_error("stopped while workers prepared their share");
    std::vector<pollfd> sockets;
    for (const awaited& a : missing)
      sockets.push_back({a.who->link.socket(), POLLIN, 0});
    ::poll(sockets.data(), sockets.size(), poll_timeout(within(between_looks)));
    for (auto a = missing.begin(); a != missing.end();) {
      const auto heard = hear(*a->who);
      if (!heard)
        return heard.error();
      if (*heard)
        a->silent_until = within(silence_);
      if (has_passed(a->silent_until))
        return lost_before_job(a->who->about.name);
      a = *heard && (*heard)->done ? missing.erase(a) : a + 1;
    }
  }
  return {};
}

// The next thing that a worker says of its preparation, if it says any.
result<std::optional<preparation>> lobby::hear(joined_worker& from) const {
  const auto whole = from.link.receive();
  if (!whole)
    return lost_before_job(from.about.name);
  if (!*whole)
    return std::optional<preparation>{};
  auto said = from_bytes<preparation>(from.link.take_message());
  if (!said)
    return external_error(fmt::format("node {}: {}", from.about.name, said.error().what));
  if (!said->fault.empty())
    return user_error(fmt::format("node {}: {}", from.about.name, said->fault), said->hint);
  return std::optional(std::move(*said));
}

result<void> lobby::send_files(tls_link& to, const std::vector<shipped_file>& files) const {
  for (std::size_t next = 0;;) {
    const auto message = to.receive(within(patience_));
    if (!message)
      return message.error();
    if (from_bytes<preparation>(*message)) // it looks for those that it has
      continue;
    const auto wish = from_bytes<file_request>(*message);
    if (!wish)
      return wish.error();
    if (wish->number == files.size())
      return {};
    if (wish->number < next || wish->number > files.size())
      return external_error(fmt::format("it asked for file {} out of turn", wish->number));
    if (auto sent = send_file(to, files[wish->number], patience_); !sent)
      return sent;
    next = wish->number + 1;
  }
}

} // namespace leat
