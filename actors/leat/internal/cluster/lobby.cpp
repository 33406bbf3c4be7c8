#include <leat/internal/cluster/lobby.hpp>

#include <leat/internal/cluster/join.hpp>
#include <leat/scoring/readers/sha256.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace leat {

namespace {

constexpr std::chrono::milliseconds between_looks{100};
constexpr std::chrono::seconds patience{30}; // with a worker that has joined
constexpr std::size_t chunk_bytes = 256 * 1024;

result<std::string> content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), {}};
  if (!in)
    return user_error(fmt::format("\"{}\" cannot be read", path), "check the path");
  return content;
}

// Who they are is proven, and how they end is their own affair: CAF sees that they are gone.
class joined_workers final : public worker_group {
public:
  explicit joined_workers(std::vector<joined_worker> all) {
    for (joined_worker& w : all) {
      nodes_.push_back({w.about.name, w.about.slots, w.about.labels});
      links_.emplace_back(std::move(w.link));
    }
  }

  const std::vector<node_description>& nodes() const override { return nodes_; }
  bool on_other_hosts() const override { return true; }
  std::vector<connection> take_links() override { return std::exchange(links_, {}); }
  std::optional<error> first_ended() override { return {}; }
  void kill(std::size_t) override {}
  void wait_for_end() override {}

private:
  std::vector<node_description> nodes_;
  std::vector<connection> links_;
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

deadline soon() { return std::chrono::steady_clock::now() + patience; }

} // namespace

std::shared_ptr<worker_source> workers_of(lobby& at, std::size_t workers, shared_command what,
                                          std::function<bool()> stop,
                                          std::function<void(std::string)> tell) {
  return std::make_shared<lobby_workers>(at, workers, std::move(what), std::move(stop),
                                         std::move(tell));
}

result<lobby> lobby::open(const node_address& at, const credentials& by) {
  auto there = reception::open(at, by);
  if (!there)
    return there.error();
  return lobby(std::move(*there), by);
}

result<std::vector<joined_worker>> lobby::gather(std::size_t workers, std::uint64_t term,
                                                 const shared_command& what,
                                                 const std::function<bool()>& stop,
                                                 const std::function<void(std::string)>& tell) {
  while (waiting_.size() < workers) {
    if (stop())
      return user_error("stopped while it waited for workers");
    for (auto& a : reception_.wait(std::chrono::steady_clock::now() + between_looks))
      welcome(std::move(a), workers, tell);
    for (const error& e : reception_.take_refusals())
      tell("turned away: " + e.what);
    forget_gone(tell);
  }
  tell("all workers are there: the job begins");
  std::ranges::sort(waiting_, {}, [](const joined_worker& w) { return w.about.name; });
  join_answer answer;
  answer.term = term;
  answer.arguments = what.arguments;
  for (const joined_worker& w : waiting_)
    answer.nodes.push_back(w.about);
  for (const std::string& path : what.files) {
    const auto content = content_of(path);
    if (!content)
      return content.error();
    answer.files.push_back({path, sha256_hex(*content), content->size()});
  }
  for (joined_worker& w : waiting_) {
    ++answer.node;
    if (auto done = brief(w, answer, what); !done)
      return external_error(
          fmt::format("worker {} was lost while it joined: {}", w.about.name, done.error().what),
          {}, true);
  }
  return std::exchange(waiting_, {});
}

void lobby::welcome(reception::arrival a, std::size_t wanted,
                    const std::function<void(std::string)>& tell) {
  const auto request = from_bytes<join_request>(a.message);
  std::string why = request ? refusal_of(a, *request) : request.error().what;
  if (why.empty() && waiting_.size() == wanted)
    why = fmt::format("all {} workers have joined", wanted);
  if (!why.empty()) {
    tell(fmt::format("turned away: {} ({}): {}", a.link.peer().name, a.link.address(), why));
    join_answer refusal;
    refusal.refusal = std::move(why);
    (void)a.link.send(as_bytes(refusal), soon());
    return;
  }
  joined_node about{a.link.peer().name, request->slots, request->labels, request->address};
  waiting_.push_back({std::move(about), std::move(a.link)});
  tell(fmt::format("worker {} has joined ({} of {})", waiting_.back().about.name, waiting_.size(),
                   wanted));
}

std::string lobby::refusal_of(const reception::arrival& a, const join_request& r) const {
  if (r.version != join_version || r.build != own_build())
    return "it runs another build of the program than the coordinator";
  const std::string& name = a.link.peer().name;
  if (name == own_.name)
    return fmt::format("it has the name of the coordinator, {}", name);
  if (std::ranges::any_of(waiting_, [&](const joined_worker& w) { return w.about.name == name; }))
    return fmt::format("a worker {} has joined already", name);
  if (r.slots == 0)
    return "it has no slots";
  return {};
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

// Tells a worker its place, and sends the files that it lacks.
result<void> lobby::brief(joined_worker& w, join_answer& answer, const shared_command& what) const {
  if (auto sent = w.link.send(as_bytes(answer), soon()); !sent)
    return sent;
  for (;;) {
    const auto message = w.link.receive(soon());
    if (!message)
      return message.error();
    const auto wish = from_bytes<file_request>(*message);
    if (!wish)
      return wish.error();
    if (wish->number >= answer.files.size())
      return {};
    const auto content = content_of(what.files[wish->number]);
    if (!content)
      return content.error();
    for (std::string_view rest = *content; !rest.empty();
         rest.remove_prefix(std::min(chunk_bytes, rest.size())))
      if (auto sent = w.link.send(rest.substr(0, chunk_bytes), soon()); !sent)
        return sent;
  }
}

} // namespace leat
