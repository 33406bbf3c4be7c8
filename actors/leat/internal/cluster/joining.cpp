#include <leat/internal/cluster/joining.hpp>

#include <leat/internal/cluster/join.hpp>
#include <leat/internal/cluster/lifeline.hpp>
#include <leat/internal/cluster/reception.hpp>
#include <leat/scoring/readers/sha256.hpp>

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <thread>

namespace leat {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds patience{30}; // with others that are there
constexpr std::chrono::seconds between_tries{1};

deadline soon() { return steady_clock::now() + patience; }

// One that is not there yet may come.
result<tls_link> reach(const node_address& to, const credentials& by,
                       const std::function<void(std::string)>& tell) {
  for (std::string told;;) {
    auto socket = connect_to(to, soon());
    if (socket) {
      tls_link link(std::move(*socket), by, false);
      if (auto met = link.meet(soon()); !met)
        return met.error();
      return link;
    }
    if (std::exchange(told, socket.error().what) != socket.error().what)
      tell("waiting for the coordinator: " + socket.error().what);
    std::this_thread::sleep_for(between_tries);
  }
}

result<join_answer> ask_to_join(tls_link& coordinator, const join_request& what) {
  if (auto sent = coordinator.send(as_bytes(what), soon()); !sent)
    return sent.error();
  const auto message = coordinator.receive(deadline::max());
  if (!message)
    return message.error();
  auto answer = from_bytes<join_answer>(*message);
  if (!answer)
    return answer.error();
  if (!answer->refusal.empty())
    return user_error(fmt::format("the coordinator {} refused this worker: {}",
                                  coordinator.peer().name, answer->refusal));
  if (answer->node == 0 || answer->node > answer->nodes.size())
    return external_error(
        fmt::format("the coordinator {} sent an invalid place", coordinator.peer().name));
  return answer;
}

std::string digest_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return sha256_hex(std::string{std::istreambuf_iterator<char>(in), {}});
}

// Fetches a file, and keeps it under its digest: jobs that need it again find it there.
result<void> fetch(tls_link& from, std::uint32_t number, const shipped_file& f,
                   const std::string& to) {
  if (auto sent = from.send(as_bytes(file_request{number}), soon()); !sent)
    return sent;
  sha256 digest;
  const std::string partial = fmt::format("{}.{}.partial", to, ::getpid());
  std::ofstream out(partial, std::ios::binary);
  for (std::uint64_t received = 0; received < f.bytes;) {
    const auto chunk = from.receive(soon());
    if (!chunk)
      return chunk.error();
    digest.update(*chunk);
    out << *chunk;
    received += chunk->size();
  }
  out.close();
  if (!out || digest.hex() != f.sha256) {
    std::filesystem::remove(partial);
    return external_error(
        fmt::format("{} of the coordinator did not arrive as it was sent", f.path));
  }
  std::error_code failed;
  std::filesystem::rename(partial, to, failed);
  if (failed)
    return external_error(fmt::format("{}: {}", to, failed.message()));
  return {};
}

result<std::map<std::string, std::string>> fetch_all(tls_link& from, const join_answer& answer,
                                                     const std::string& cache) {
  std::map<std::string, std::string> found;
  std::error_code failed;
  std::filesystem::create_directories(cache, failed);
  for (std::uint32_t i = 0; i < answer.files.size(); ++i) {
    const shipped_file& f = answer.files[i];
    const bool digest = f.sha256.size() == 64 &&
                        f.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!digest)
      return external_error(fmt::format("{} of the coordinator has no valid digest", f.path));
    const std::string path = fmt::format("{}/{}", cache, f.sha256);
    if (digest_of(path) != f.sha256)
      if (auto fetched = fetch(from, i, f, path); !fetched)
        return fetched.error();
    found[f.path] = path;
  }
  const auto none = static_cast<std::uint32_t>(answer.files.size());
  if (auto sent = from.send(as_bytes(file_request{none}), soon()); !sent)
    return sent.error();
  return found;
}

error wrong_peer(const joined_node& wanted, const std::string& found) {
  return external_error(
      fmt::format("at {}, where worker {} should be, is {}", wanted.address, wanted.name, found));
}

result<tls_link> greet(const join_answer& a, const joined_node& earlier, const credentials& by) {
  const auto address = node_address::parse(earlier.address);
  if (!address)
    return address.error();
  auto socket = connect_to(*address, soon());
  if (!socket)
    return socket.error();
  tls_link link(std::move(*socket), by, false);
  if (auto met = link.meet(soon()); !met)
    return met.error();
  if (link.peer().name != earlier.name)
    return wrong_peer(earlier, link.peer().name);
  if (auto sent = link.send(as_bytes(greeting{a.term, a.node}), soon()); !sent)
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
                                            const credentials& by) {
  std::vector<std::optional<tls_link>> met(a.nodes.size() + 1);
  for (std::uint32_t node = 1; node < a.node; ++node) {
    auto link = greet(a, a.nodes[node - 1], by);
    if (!link)
      return external_error(
          fmt::format("worker {} cannot be reached: {}", a.nodes[node - 1].name, link.error().what),
          "workers must reach each other: check --listen and firewalls", true);
    met[node] = std::move(*link);
  }
  const auto missing = [&] {
    return std::find_if(met.begin() + a.node + 1, met.end(), [](const auto& m) { return !m; });
  };
  for (const deadline until = soon(); missing() != met.end();) {
    for (auto& who : at.wait(until))
      if (const auto node = later_worker(a, who); node > 0)
        met[node] = std::move(who.link);
    if (steady_clock::now() >= until)
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
  auto coordinator = reach(how.coordinator, by, tell);
  if (!coordinator)
    return coordinator.error();
  node_address own =
      how.listen.value_or(node_address{local_address(coordinator->socket()).host, "0"});
  auto at = reception::open(own, by);
  if (!at)
    return at.error();
  own.port = at->address().port;
  tell(fmt::format("worker {} waits for the job of {} ({})", by.own().name,
                   coordinator->peer().name, how.coordinator.text()));
  auto answer =
      ask_to_join(*coordinator, {join_version, own_build(), how.slots, how.labels, own.text()});
  if (!answer)
    return answer.error();
  hold_lifeline(coordinator->socket());
  auto files = fetch_all(*coordinator, *answer, how.cache);
  if (!files)
    return files.error();
  auto others = meet_others(*answer, *at, by);
  if (!others)
    return others.error();
  joined_job job;
  job.role.term = answer->term;
  job.role.node = answer->node;
  job.role.on_other_hosts = true;
  job.role.links.emplace_back(std::move(*coordinator));
  std::ranges::move(*others, std::back_inserter(job.role.links));
  for (const joined_node& n : answer->nodes)
    job.role.nodes.push_back({n.name, n.slots, n.labels});
  job.arguments = std::move(answer->arguments);
  job.files = std::move(*files);
  return job;
}

} // namespace leat
