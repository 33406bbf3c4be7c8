#include <leat/internal/runtime/wiring.hpp>

#include <leat/internal/runtime/files_in_use.hpp>
#include <leat/internal/runtime/reading_thread.hpp>
#include <leat/internal/runtime/verdict.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace leat {

namespace {

error as_one(const std::vector<error>& faults) {
  if (faults.size() == 1)
    return faults.front();
  error all = user_error({});
  for (const error& e : faults)
    all.what += (all.what.empty() ? "" : "\n") + to_string(e);
  return all;
}

std::vector<error> apply(plan& p, const run_options& options) {
  std::vector<error> faults = p.set_batching(options.batchings);
  for (const auto& [name, delay] : options.slow_sinks)
    if (const auto s = p.find_sink(name)) {
      (*s)->slowed = delay;
      (*s)->blocking = true;
    } else {
      faults.push_back(s.error());
    }
  if (options.parallelism == 0 || options.parallelism > max_parallelism)
    faults.push_back(user_error(fmt::format("parallelism {} is not between 1 and {}",
                                            options.parallelism, max_parallelism)));
  if (options.frames.records == 0)
    faults.push_back(user_error("invalid frames.records 0", "it must be above 0"));
  if (const credit& w = options.credit_limit; w.frames <= 0 || w.records <= 0 || w.bytes <= 0)
    faults.push_back(user_error("invalid credit_limit: a part of it is not above 0",
                                "frames, records and bytes must be above 0"));
  return faults;
}

class no_dead_letter_sink final : public dead_letter_sink {
public:
  void put(dead_letter letter) override {
    throw failure(
        user_error(letter.place.empty() ? letter.reason : letter.place + ": " + letter.reason));
  }
  std::uint64_t count() const override { return 0; }
};

/// The dead letters of a process, and how many there may be.
struct letter_tally {
  std::optional<std::uint64_t> limit;
  std::atomic<std::uint64_t> count{0};
};

// The way of one subtask to the dead-letter sink of its process. It counts what the subtask sends,
// so that it is counted wherever it runs.
class counting_dead_letter_sink final : public dead_letter_sink {
public:
  counting_dead_letter_sink(dead_letter_sink& to, std::shared_ptr<letter_tally> tally,
                            std::shared_ptr<subtask_metrics> metrics)
      : to_(to), tally_(std::move(tally)), metrics_(std::move(metrics)) {}

  void put(dead_letter letter) override {
    to_.put(std::move(letter));
    stage_counters::add(metrics_->counters.dead_letters, 1);
    if (++tally_->count > tally_->limit.value_or(std::numeric_limits<std::uint64_t>::max()))
      throw failure(too_many_dead_letters(*tally_->limit));
  }
  std::uint64_t count() const override { return metrics_->counters.dead_letters; }
  void abandon() override { to_.abandon(); }

private:
  dead_letter_sink& to_;
  std::shared_ptr<letter_tally> tally_;
  std::shared_ptr<subtask_metrics> metrics_;
};

} // namespace

result<caf::actor_system*> system_of(const plan& p) {
  caf::actor_system* found = nullptr;
  for (const plan_stage& s : p.stages) {
    const auto own = std::dynamic_pointer_cast<const subtask_factory>(s.factory);
    if (!own || !own->system)
      continue;
    if (found && found != own->system)
      return user_error(fmt::format("stage \"{}\" belongs to another actor system than a stage "
                                    "before it",
                                    s.name),
                        "spawn all stages of a graph in one");
    found = own->system;
  }
  return found;
}

dead_letter_sink& no_dead_letters() {
  static no_dead_letter_sink nowhere;
  return nowhere;
}

result<void> prepare(plan& p, const run_options& options, const std::vector<bool>& wanted) {
  std::vector<error> faults = p.validate();
  const std::vector<error> more = apply(p, options);
  faults.insert(faults.end(), more.begin(), more.end());
  if (faults.empty())
    faults = colliding_files(p, p.resolve(options.parallelism), options);
  for (std::size_t i = 0; i < p.stages.size(); ++i) {
    plan_stage& s = p.stages[i];
    if (!wanted.empty() && !wanted[i])
      continue;
    if (auto prepared = s.maker->prepare(s); !prepared) {
      faults.push_back(prepared.error());
      faults.back().what = fmt::format("{}: {}", s.name, faults.back().what);
    }
  }
  if (!faults.empty())
    return as_one(faults);
  return {};
}

namespace {

// All that may be on its way to a subtask at a time is bounded whatever the parallelism: beyond a
// few lanes, these share what those few have.
credit window_of_lane(const credit& window, std::size_t channels) {
  constexpr std::int64_t full_windows = 4;
  const auto lanes = static_cast<std::int64_t>(channels);
  if (lanes <= full_windows)
    return window;
  const auto part = [&](std::int64_t whole) {
    return std::max<std::int64_t>(1, whole * full_windows / lanes);
  };
  return {part(window.frames), part(window.records), part(window.bytes)};
}

void share_credit(wired_job& w, const credit& window) {
  for (planned_subtask& t : w.subtasks) {
    t.blueprint.settings.credit_limit = window_of_lane(window, t.channels.size());
    for (std::size_t port = 0; port < t.ports.size(); ++port) {
      const std::size_t consumer = t.ports[port].front().first; // they are alike
      t.blueprint.settings.ports[port].credit_limit =
          window_of_lane(window, w.subtasks[consumer].channels.size());
    }
  }
}

promise_group group_of(const wired_job& w, std::size_t first, std::size_t count) {
  promise_group g{first, count, {}};
  for (std::size_t c = first; c < first + count; ++c)
    for (const auto& [from, port, lane] : w.subtasks[c].channels)
      if (const std::pair producer{from, port};
          std::ranges::find(g.producers, producer) == g.producers.end())
        g.producers.push_back(producer);
  return g;
}

std::vector<std::optional<std::size_t>>
channels_by_producer(const wired_job& w, const promise_group& g, std::size_t consumer) {
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> channel_of;
  for (std::size_t i = 0; i < w.subtasks[consumer].channels.size(); ++i) {
    const auto& [from, port, lane] = w.subtasks[consumer].channels[i];
    channel_of[{from, port}] = i;
  }
  std::vector<std::optional<std::size_t>> all;
  for (const auto& producer : g.producers)
    all.push_back(channel_of.contains(producer) ? std::optional{channel_of[producer]}
                                                : std::nullopt);
  return all;
}

// Subtasks that are fed one by one are groups of their own: what promises to one wakes no other.
void group_consumers(const plan& p, wired_job& w) {
  for (std::size_t n = 0; n < w.subtasks.size();) {
    const std::size_t stage = w.stage_of[n];
    const std::size_t count = w.subtasks[n].blueprint.settings.services.subtasks;
    const bool one_by_one = std::all_of(p.edges.begin(), p.edges.end(), [&](const plan_edge& e) {
      return e.to != stage || e.route == routing::forward;
    });
    const std::size_t together = one_by_one ? 1 : count;
    for (std::size_t i = 0; i < count; i += together)
      if (!w.subtasks[n].channels.empty())
        w.groups.push_back(group_of(w, n + i, together));
    n += count;
  }
}

// The subtasks of one node, or all.
using is_here = std::function<bool(std::size_t subtask)>;

// Who is here promises in the table; nobody waits there for who is not. Null if nobody is.
std::shared_ptr<progress_table> table_of(wired_job& w, const promise_group& g,
                                         const is_here& promises, const is_here& reads) {
  const auto table = std::make_shared<progress_table>(g.producers.size(), g.count);
  std::size_t count = 0;
  for (std::size_t i = 0; i < g.producers.size(); ++i)
    if (promises(g.producers[i].first))
      ++count;
    else
      table->leave_out(i);
  for (std::size_t c = g.first; count > 0 && c < g.first + g.count; ++c)
    if (reads(c))
      w.subtasks[c].blueprint.reads.push_back({table, c - g.first, channels_by_producer(w, g, c)});
  return count > 0 ? table : nullptr;
}

// Producers write their promises into this table.
void promise_in(wired_job& w, const promise_group& g, const std::shared_ptr<progress_table>& table,
                const is_here& here) {
  for (std::size_t i = 0; i < g.producers.size(); ++i)
    if (const auto& [from, port] = g.producers[i]; here(from))
      w.subtasks[from].blueprint.promises[port] = {
          table, i, w.subtasks[from].ports[port].front().first - g.first};
}

void forget_tables(wired_job& w) {
  for (planned_subtask& t : w.subtasks) {
    t.blueprint.promises.assign(t.ports.size(), {});
    t.blueprint.reads.clear();
  }
}

// In one process a table serves a whole group.
void share_promises(wired_job& w) {
  forget_tables(w);
  const is_here everywhere = [](std::size_t) { return true; };
  for (const promise_group& g : w.groups)
    promise_in(w, g, table_of(w, g, everywhere, everywhere), everywhere);
}

// On a node, one table is for the producers there, another one for those elsewhere.
void share_promises_on(std::size_t node, wired_job& w, const std::vector<std::size_t>& nodes) {
  const is_here here = [&](std::size_t subtask) { return nodes[subtask] == node; };
  const is_here elsewhere = [&](std::size_t subtask) { return nodes[subtask] != node; };
  for (std::size_t n = 0; n < w.groups.size(); ++n) {
    const promise_group& g = w.groups[n];
    relayed_table t{n, table_of(w, g, here, here), table_of(w, g, elsewhere, here), {}};
    promise_in(w, g, t.own, here);
    if (t.others)
      t.others->fill_by_relay();
    std::set<std::size_t> readers(nodes.begin() + g.first, nodes.begin() + g.first + g.count);
    if (readers.erase(node) == 0)
      t.others = nullptr;
    t.readers.assign(readers.begin(), readers.end());
    if (t.others || (t.own && !t.readers.empty()))
      w.relayed[node].push_back(std::move(t));
  }
}

input_edges edges_of(const plan& p) {
  input_edges all;
  for (const plan_edge& e : p.edges)
    all.push_back(std::make_shared<const input_edge>(
        input_edge{e.input, p.stages[e.from].name, e.type, e.codec}));
  return all;
}

// What a job is wired from.
struct wiring {
  const plan& p;
  const resolved_plan r;
  const run_options& options;
  const clock& time;
  bool threads;
  const input_edges edges = edges_of(p); // as plan::edges

  std::vector<std::size_t> first_subtasks() const;
  double rate_of_source() const;
  planned_subtask subtask(std::size_t stage, std::size_t i) const;
  std::vector<std::size_t> consumers_of(const plan_edge& e, std::size_t subtask) const;
};

// The number of each stage's subtask 0.
std::vector<std::size_t> wiring::first_subtasks() const {
  std::vector<std::size_t> first;
  std::size_t next = 0;
  for (const resolved_plan::stage& s : r.stages) {
    first.push_back(next);
    next += s.parallelism;
  }
  return first;
}

// The subtasks of all sources share the rate of the run.
double wiring::rate_of_source() const {
  std::size_t subtasks = 0;
  for (std::size_t s = 0; s < p.stages.size(); ++s)
    if (p.stages[s].kind.is_source)
      subtasks += r.stages[s].parallelism;
  return options.rate / static_cast<double>(std::max<std::size_t>(subtasks, 1));
}

planned_subtask wiring::subtask(std::size_t stage, std::size_t i) const {
  const plan_stage& s = p.stages[stage];
  const resolved_plan::stage& resolved = r.stages[stage];
  planned_subtask t;
  t.stage = s.name;
  t.blueprint.logic = s.maker->make(s);
  t.verbs = s.verbs;
  t.is_source = s.kind.is_source;
  t.own_thread = threads && s.blocking;
  t.factory = std::dynamic_pointer_cast<const subtask_factory>(s.factory);
  t.blueprint.settings.ordered = resolved.ordered;
  t.blueprint.settings.credit_limit = options.credit_limit;
  stage_services& services = t.blueprint.settings.services;
  services.stage = s.name;
  services.stage_number = static_cast<std::uint32_t>(stage);
  services.subtask = i;
  services.subtasks = resolved.parallelism;
  services.time = &time;
  services.dead_letters = options.dead_letters ? options.dead_letters : &no_dead_letters();
  services.limits = options.frames;
  if (threads)
    services.read_apart = start_reading_thread;
  services.keep_order = resolved.wants_order;
  services.out_of_order = resolved.out_of_order;
  services.rate = rate_of_source();
  return t;
}

// Of the subtasks that an edge leads to, those that this one of the producer feeds.
std::vector<std::size_t> wiring::consumers_of(const plan_edge& e, std::size_t subtask) const {
  const std::size_t count = r.stages[e.to].parallelism;
  if (e.route == routing::forward)
    return {count == 1 ? 0 : subtask};
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// Connects the ports of a subtask to channels of its consumers.
void connect(const wiring& from, std::size_t n, const std::vector<std::size_t>& first,
             wired_job& w) {
  planned_subtask& producer = w.subtasks[n];
  w.edge_of.emplace_back();
  for (const port* p : producer.blueprint.logic->ports()) {
    const std::size_t port = producer.ports.size();
    const plan_edge& e = from.p.edges[p->edge];
    const auto to = from.consumers_of(e, producer.blueprint.settings.services.subtask);
    edge_settings s;
    s.lanes = to.size();
    s.carried = from.r.edges[p->edge].carried;
    s.limits = from.options.frames;
    producer.blueprint.settings.ports.push_back(s);
    producer.blueprint.port_codecs.push_back(e.codec);
    producer.ports.emplace_back();
    for (std::size_t lane = 0; lane < to.size(); ++lane) {
      planned_subtask& consumer = w.subtasks[first[e.to] + to[lane]];
      producer.ports.back().emplace_back(consumer.number, consumer.channels.size());
      consumer.channels.emplace_back(n, port, lane);
      consumer.blueprint.settings.channels.push_back(from.edges[p->edge]);
    }
    w.edge_of.back().push_back(p->edge);
  }
}

void add_metrics(planned_subtask& t, const std::shared_ptr<letter_tally>& tally, wired_job& w) {
  w.metrics.push_back(std::make_shared<subtask_metrics>(t.ports.size()));
  t.blueprint.metrics = t.metrics = w.metrics.back();
  auto& dead_letters = t.blueprint.settings.services.dead_letters;
  t.blueprint.dead_letters =
      std::make_shared<counting_dead_letter_sink>(*dead_letters, tally, t.metrics);
  dead_letters = t.blueprint.dead_letters.get();
}

} // namespace

wired_job wire_up(const plan& p, const run_options& options, const clock& time, bool threads) {
  const wiring from{p, p.resolve(options.parallelism), options, time, threads};
  wired_job w;
  for (std::size_t s = 0; s < p.stages.size(); ++s)
    for (std::size_t i = 0; i < from.r.stages[s].parallelism; ++i) {
      w.subtasks.push_back(from.subtask(s, i));
      w.subtasks.back().number = w.stage_of.size();
      w.stage_of.push_back(s);
    }
  const auto tally = std::make_shared<letter_tally>();
  tally->limit = options.max_dead_letters.count;
  const auto first = from.first_subtasks();
  for (std::size_t n = 0; n < w.subtasks.size(); ++n) {
    connect(from, n, first, w);
    add_metrics(w.subtasks[n], tally, w);
  }
  share_credit(w, options.credit_limit);
  group_consumers(p, w);
  share_promises(w);
  return w;
}

result<void> assign_nodes(const plan& p, wired_job& w, const std::vector<std::size_t>& nodes,
                          std::optional<std::size_t> own) {
  for (std::size_t n = 0; n < w.subtasks.size(); ++n)
    w.subtasks[n].node = nodes[n];
  forget_tables(w);
  for (const std::size_t node : own ? std::set{*own} : std::set(nodes.begin(), nodes.end()))
    share_promises_on(node, w, nodes);
  for (std::size_t n = 0; n < w.subtasks.size(); ++n)
    for (std::size_t port = 0; port < w.subtasks[n].ports.size(); ++port)
      for (const auto& [consumer, channel] : w.subtasks[n].ports[port]) {
        const plan_edge& e = p.edges[w.edge_of[n][port]];
        if (!e.codec && nodes[consumer] != nodes[n])
          return user_error(
              fmt::format(
                  "records of type {} cannot travel from \"{}\" to \"{}\" in another process",
                  e.type, p.stages[e.from].name, p.stages[e.to].name),
              "declare the fields of the type");
      }
  return {};
}

} // namespace leat
