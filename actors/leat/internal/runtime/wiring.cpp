#include <leat/internal/runtime/wiring.hpp>

#include <leat/detail/runtime/table_alignment.hpp>
#include <leat/internal/runtime/batch_shares.hpp>
#include <leat/internal/runtime/credit_shares.hpp>
#include <leat/internal/runtime/files_in_use.hpp>
#include <leat/internal/runtime/reading_thread.hpp>
#include <leat/internal/runtime/scratch_files.hpp>
#include <leat/internal/runtime/verdict.hpp>

#include <algorithm>
#include <filesystem>
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
  if (options.node_buffer == 0)
    faults.push_back(user_error("invalid node_buffer 0", "it must be above 0"));
  if (options.batch_memory == 0)
    faults.push_back(user_error("invalid batch_memory 0", "it must be above 0"));
  if (!options.batch_folder.empty() && !std::filesystem::is_directory(options.batch_folder))
    faults.push_back(user_error(
        fmt::format("invalid batch_folder \"{}\": there is no such folder", options.batch_folder),
        "create the folder first, or choose another one"));
  for (plan_stage& s : p.stages)
    s.checkpoints = !options.checkpoints.folder.empty();
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
  if (!options.checkpoints.folder.empty())
    for (error& e : p.check_saving(options.parallelism))
      faults.push_back(std::move(e));
  if (faults.empty())
    faults = colliding_files(p, p.resolve(options.parallelism), options, wanted);
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

// Those that are here tell in the table; nobody waits there for the others. Null if none is.
std::shared_ptr<progress_table> alignment_table(const std::vector<std::size_t>& subtasks,
                                                const is_here& here) {
  const auto table = std::make_shared<progress_table>(subtasks.size(), subtasks.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < subtasks.size(); ++i)
    if (here(subtasks[i]))
      ++count;
    else
      table->leave_out(i);
  return count > 0 ? table : nullptr;
}

// The subtasks that are here tell in their own table, and read both.
void align(wired_job& w, const std::vector<std::size_t>& subtasks,
           const std::shared_ptr<progress_table>& own,
           const std::shared_ptr<progress_table>& others, const is_here& here) {
  for (std::size_t i = 0; i < subtasks.size(); ++i)
    if (here(subtasks[i]))
      w.subtasks[subtasks[i]].blueprint.settings.services.alignment =
          std::make_shared<table_alignment>(own, others, i);
}

// In one process a table serves a whole group.
void share_promises(wired_job& w) {
  forget_tables(w);
  const is_here everywhere = [](std::size_t) { return true; };
  for (const promise_group& g : w.groups)
    promise_in(w, g, table_of(w, g, everywhere, everywhere), everywhere);
  for (const auto& subtasks : w.aligned)
    align(w, subtasks, alignment_table(subtasks, everywhere), nullptr, everywhere);
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
  for (std::size_t n = 0; n < w.aligned.size(); ++n) {
    const auto& subtasks = w.aligned[n];
    relayed_table t{w.groups.size() + n, alignment_table(subtasks, here), nullptr, {}};
    if (!t.own)
      continue;
    if ((t.others = alignment_table(subtasks, elsewhere)))
      t.others->fill_by_relay();
    std::set<std::size_t> readers;
    for (const std::size_t s : subtasks)
      readers.insert(nodes[s]);
    readers.erase(node);
    t.readers.assign(readers.begin(), readers.end());
    align(w, subtasks, t.own, t.others, here);
    if (t.others)
      w.relayed[node].push_back(std::move(t));
  }
}

// The subtasks of the sources of each group that is kept together.
void group_sources(const plan& p, wired_job& w) {
  for (const std::vector<std::size_t>& sources : p.aligned_sources()) {
    w.aligned.emplace_back();
    for (std::size_t n = 0; n < w.subtasks.size(); ++n)
      if (std::ranges::find(sources, w.stage_of[n]) != sources.end())
        w.aligned.back().push_back(n);
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
  t.blueprint.compresses = options.compress;
  t.blueprint.settings.ordered = resolved.by_stamp;
  stage_services& services = t.blueprint.settings.services;
  services.stage = s.name;
  services.stage_number = static_cast<std::uint32_t>(stage);
  services.subtask = i;
  services.subtasks = resolved.parallelism;
  services.time = &time;
  services.dead_letters = options.dead_letters ? options.dead_letters : &no_dead_letters();
  if (threads)
    services.read_apart = start_reading_thread;
  services.scratch = threads ? scratch_files_in(options.batch_folder) : simulated_scratch_files();
  services.keep_order = resolved.wants_order;
  services.out_of_order = resolved.out_of_order;
  services.states = options.states.get();
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
    producer.blueprint.settings.ports.push_back(s);
    producer.leads_to_order.push_back(from.r.edges[p->edge].leads_to_order);
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
  subtask::settings& settings = t.blueprint.settings;
  settings.letters = std::make_shared<subtask_letters>(
      *settings.services.dead_letters, tally,
      std::shared_ptr<stage_counters>(t.metrics, &t.metrics->counters));
  settings.services.dead_letters = settings.letters.get();
}

} // namespace

wired_job wire_up(const plan& p, const run_options& options, const clock& time, bool threads) {
  const wiring from{p, p.resolve(options.parallelism), options, time, threads};
  wired_job w;
  w.resolved = from.r;
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
  share_credit(w, options);
  share_batch_memory(w, p, options);
  group_consumers(p, w);
  group_sources(p, w);
  share_promises(w);
  return w;
}

result<void> assign_nodes(const plan& p, const run_options& options, wired_job& w,
                          const std::vector<std::size_t>& nodes, std::optional<std::size_t> own) {
  w.node_of = nodes;
  for (std::size_t n = 0; n < w.subtasks.size(); ++n)
    w.subtasks[n].node = nodes[n];
  share_credit(w, options, nodes);
  share_batch_memory(w, p, options);
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

void keep_states(wired_job& w, const state_keeper& keeper, const subtask_folders& folders,
                 std::size_t poison_after) {
  for (planned_subtask& t : w.subtasks) {
    subtask::settings& settings = t.blueprint.settings;
    t.blueprint.keep_state = keeper;
    settings.services.checkpoints = true;
    settings.services.folder = folders.outputs;
    const bool refused = &settings.letters->sink() == &no_dead_letters();
    settings.letters->keep_by_epoch(folders.letters, refused);
    if (refused || folders.poison.empty())
      continue;
    settings.poison_after = poison_after;
    settings.poison_file =
        fmt::format("{}/{}-{}", folders.poison, file_name_of(t.stage), settings.services.subtask);
  }
}

} // namespace leat
