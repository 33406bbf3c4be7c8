#include <leat/internal/cluster/joining.hpp>

#include <leat/internal/cluster/join.hpp>
#include <leat/internal/net/reception.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <set>
#include <thread>

namespace leat {

namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds between_tries{1};

// One that is not there yet may come.
result<tls_link> reach(const node_address& to, const credentials& by, milliseconds patience,
                       const std::function<void(std::string)>& tell) {
  for (std::string told;;) {
    auto socket = connect_to(to, within(patience));
    if (socket) {
      tls_link link(std::move(*socket), by, false);
      if (auto met = link.meet(within(patience)); !met)
        return met.error();
      return link;
    }
    if (std::exchange(told, socket.error().what) != socket.error().what)
      tell("waiting for the coordinator: " + socket.error().what);
    std::this_thread::sleep_for(between_tries);
  }
}

// Any node of the cluster has a certificate, and can listen where a coordinator should. It learns
// whom this worker wanted, and nothing else.
result<void> check_coordinator(tls_link& reached, const join_settings& how, std::uint64_t build) {
  const std::string& found = reached.peer().name;
  if (found == how.coordinator_node)
    return {};
  (void)reached.send(as_bytes(join_request{join_version, build, 1, {}, {}, how.coordinator_node}),
                     within(how.patience));
  return user_error(
      fmt::format("at {}, where the coordinator {} should be, is {}", how.coordinator.text(),
                  how.coordinator_node, found),
      fmt::format("check --join; --coordinator {} if that is the coordinator's name", found));
}

result<void> check(const join_answer& a, const std::string& own, const std::string& coordinator) {
  const auto invalid = [](std::string_view what) {
    return external_error(fmt::format("the answer is invalid: {}", what));
  };
  if (a.node == 0 || a.node > a.nodes.size() || a.nodes.size() > most_workers)
    return invalid(fmt::format("node {} of {}", a.node, a.nodes.size()));
  if (a.nodes[a.node - 1].name != own)
    return invalid(fmt::format("node {} is not {}", a.node, own));
  std::set<std::string_view> names{coordinator};
  for (const joined_node& n : a.nodes) {
    if (auto good = check(n); !good)
      return invalid(good.error().what);
    if (!names.insert(n.name).second)
      return invalid(fmt::format("two nodes are named {}", n.name));
  }
  return {};
}

// The answer may take as long as other workers take to come.
result<join_answer> ask_to_join(tls_link& coordinator, const join_request& what,
                                const std::string& own, milliseconds patience) {
  if (auto sent = coordinator.send(as_bytes(what), within(patience)); !sent)
    return sent.error();
  const auto message = coordinator.receive(deadline::max());
  if (!message)
    return message.error();
  auto answer = from_bytes<join_answer>(*message);
  if (!answer)
    return answer.error();
  const std::string& name = coordinator.peer().name;
  if (!answer->refusal.empty())
    return user_error(
        fmt::format("the coordinator {} refused this worker: {}", name, answer->refusal));
  if (auto good = check(*answer, own, name); !good)
    return external_error(fmt::format("the coordinator {}: {}", name, good.error().what));
  return answer;
}

// Of sizes that another node says.
std::uint64_t capped_sum(std::uint64_t a, std::uint64_t b) {
  return b > std::numeric_limits<std::uint64_t>::max() - a
             ? std::numeric_limits<std::uint64_t>::max()
             : a + b;
}

// The files of the job, and where they are here: what the cache lacks is fetched. To look at a
// large one takes its time.
result<std::map<std::string, std::string>> fetch_all(tls_link& from, const join_answer& answer,
                                                     file_cache& cache, milliseconds patience) {
  std::map<std::string, std::string> found;
  std::uint64_t lacking = 0; // bytes
  heartbeat busy(std::move(from));
  for (const shipped_file& f : answer.files) {
    if (!is_digest(f.sha256))
      return external_error(fmt::format("{} of the coordinator has no valid digest", f.path));
    if (auto path = cache.find(f))
      found[f.path] = std::move(*path);
    else
      lacking = capped_sum(lacking, f.bytes);
  }
  from = busy.end();
  if (auto room = cache.make_room(lacking); !room)
    return room.error();
  const auto count = static_cast<std::uint32_t>(answer.files.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const shipped_file& f = answer.files[i];
    std::string& path = found[f.path];
    if (!path.empty())
      continue;
    if (auto sent = from.send(as_bytes(file_request{i}), within(patience)); !sent)
      return sent.error();
    auto received = cache.receive(from, f, patience);
    if (!received)
      return received.error();
    path = std::move(*received);
  }
  if (auto sent = from.send(as_bytes(file_request{count}), within(patience)); !sent)
    return sent.error();
  return found;
}

// Others may still be receiving files.
result<void> await_readiness(tls_link& coordinator, std::uint64_t term) {
  const auto message = coordinator.receive(deadline::max());
  if (!message)
    return message.error();
  const auto all = from_bytes<readiness>(*message);
  if (!all)
    return all.error();
  if (all->term != term)
    return external_error("the coordinator began another attempt");
  return {};
}

error wrong_peer(const joined_node& wanted, const std::string& found) {
  return external_error(
      fmt::format("at {}, where worker {} should be, is {}", wanted.address, wanted.name, found));
}

result<tls_link> greet(const join_answer& a, const joined_node& earlier, const credentials& by,
                       milliseconds patience) {
  const auto address = node_address::parse(earlier.address);
  if (!address)
    return address.error();
  auto socket = connect_to(*address, within(patience));
  if (!socket)
    return socket.error();
  tls_link link(std::move(*socket), by, false);
  if (auto met = link.meet(within(patience)); !met)
    return met.error();
  if (link.peer().name != earlier.name)
    return wrong_peer(earlier, link.peer().name);
  if (auto sent = link.send(as_bytes(greeting{a.term, a.node}), within(patience)); !sent)
    return sent.error();
  return link;
}

// The worker that an arrival says to be, if it is that; otherwise 0.
std::uint32_t later_worker(const join_answer& a, const reception::arrival& who) {
  const auto g = from_bytes<greeting>(who.message);
  if (!g || g->term != a.term || g->node <= a.node || g->node > a.nodes.size() ||
      a.nodes[g->node - 1].name != who.link.peer().name)
    return 0;
  return g->node;
}

// Each worker connects to those before it, and waits for those after it.
result<std::vector<connection>> meet_others(const join_answer& a, reception& at,
                                            const credentials& by, milliseconds patience) {
  std::vector<std::optional<tls_link>> met(a.nodes.size() + 1);
  for (std::uint32_t node = 1; node < a.node; ++node) {
    auto link = greet(a, a.nodes[node - 1], by, patience);
    if (!link)
      return external_error(
          fmt::format("worker {} cannot be reached: {}", a.nodes[node - 1].name, link.error().what),
          "workers must reach each other: check --listen and firewalls", true);
    met[node] = std::move(*link);
  }
  const auto missing = [&] {
    return std::find_if(met.begin() + a.node + 1, met.end(), [](const auto& m) { return !m; });
  };
  for (const deadline until = within(patience); missing() != met.end();) {
    for (auto& who : at.wait(until))
      if (const auto node = later_worker(a, who); node > 0)
        met[node] = std::move(who.link);
    if (missing() != met.end() && has_passed(until))
      return external_error(
          fmt::format("worker {} did not come", a.nodes[missing() - met.begin() - 1].name),
          "workers must reach each other: check --listen and firewalls", true);
  }
  std::vector<connection> links;
  for (auto& m : met)
    if (m)
      links.emplace_back(std::move(*m));
  return links;
}

} // namespace

result<joined_job> join_cluster(const join_settings& how, const credentials& by,
                                const std::function<void(std::string)>& tell) {
  const std::uint64_t build = own_build(); // before: the coordinator does not wait long
  auto coordinator = reach(how.coordinator, by, how.patience, tell);
  if (!coordinator)
    return coordinator.error();
  if (auto right = check_coordinator(*coordinator, how, build); !right)
    return right.error();
  const std::string usual_host = local_address(coordinator->socket()).host;
  node_address own = how.listen.value_or(node_address{usual_host, "0"});
  auto at = reception::open(own, by);
  if (!at)
    return at.error();
  own.port = at->address().port;
  if (at->address().is_wildcard())
    own.host = usual_host;
  tell(fmt::format("worker {} waits for the job of {} ({})", by.own().name,
                   coordinator->peer().name, how.coordinator.text()));
  auto answer = ask_to_join(
      *coordinator, {join_version, build, how.slots, how.labels, own.text(), how.coordinator_node},
      by.own().name, how.patience);
  if (!answer)
    return answer.error();
  how.end_with(coordinator->socket());
  file_cache cache(how.cache, how.cache_cap);
  auto files = fetch_all(*coordinator, *answer, cache, how.patience);
  if (!files)
    return files.error();
  if (auto all = await_readiness(*coordinator, answer->term); !all)
    return all.error();
  // Half of it: who cannot meet the others ends, and is named, before the coordinator gives up.
  worker_role role;
  role.preparing = std::make_unique<heartbeat>(std::move(*coordinator));
  auto others = meet_others(*answer, *at, by, how.patience / 2);
  if (!others) {
    give_up(role, others.error());
    return others.error();
  }
  role.term = answer->term;
  role.node = answer->node;
  role.on_other_hosts = true;
  role.links.emplace_back(); // that to the coordinator follows
  std::ranges::move(*others, std::back_inserter(role.links));
  for (const joined_node& n : answer->nodes)
    role.nodes.push_back({n.name, n.slots, n.labels});
  return joined_job{std::move(role), std::move(answer->arguments), std::move(*files),
                    std::move(cache)};
}

} // namespace leat
