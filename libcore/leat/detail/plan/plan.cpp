#include <leat/detail/plan/plan.hpp>

#include <leat/detail/record/key.hpp>
#include <leat/source.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace leat {

namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

// By stage: which stages its records reach, itself among them.
std::vector<std::vector<bool>> reachable(const plan& p) {
  const std::size_t count = p.stages.size();
  std::vector<std::vector<bool>> reached(count, std::vector<bool>(count));
  for (std::size_t i = count; i-- > 0;) {
    reached[i][i] = true;
    for (const plan_edge& e : p.edges)
      for (std::size_t behind = 0; e.from == i && behind < count; ++behind)
        reached[i][behind] = reached[i][behind] || reached[e.to][behind];
  }
  return reached;
}

// By stage: how many channels a subtask has, and whether what leaves it is in stamp order. Where
// several channels are taken as they arrive, order is lost, and no stage behind it can have it
// back: one that waited for it might wait for itself.
struct order_of_stages {
  std::vector<std::size_t> channels;
  std::vector<bool> kept;
};

order_of_stages order_in(const plan& p, const resolved_plan& r) {
  const std::size_t count = p.stages.size();
  order_of_stages all{std::vector<std::size_t>(count), std::vector<bool>(count)};
  for (std::size_t i = 0; i < count; ++i) {
    const plan_stage& s = p.stages[i];
    bool given = true;
    for (const plan_edge& e : p.edges)
      if (e.to == i) {
        given = given && all.kept[e.from];
        all.channels[i] += e.route == routing::forward && r.stages[i].parallelism > 1
                               ? 1
                               : r.stages[e.from].parallelism;
      }
    const bool merges = s.order == order::by_stamp || !s.kind.runs_user_code;
    all.kept[i] = given && (all.channels[i] <= 1 || merges);
  }
  return all;
}

std::string_view use_of_time(const plan_stage& s) {
  return s.takes_timers ? "takes timers" : "takes a leat::event_context";
}

// An operator that reads stamps needs them in order, whatever the parallelism.
void find_disordered(const plan& p, std::vector<error>& faults) {
  const auto in_order = order_in(p, p.resolve(2)); // open parallelism stands for several subtasks
  for (const plan_edge& e : p.edges)
    if (p.stages[e.to].reads_stamps && !in_order.kept[e.from])
      faults.push_back(user_error(
          fmt::format(
              "\"{}\" {}, but \"{}\" before it gives up the order of records: what it reads "
              "would differ between runs",
              p.stages[e.to].name, use_of_time(p.stages[e.to]), p.stages[e.from].name),
          "leave out leat::order::by_arrival before it, or let process() take a leat::context"));
}

// Without event times stamps order one source, and one split, after the other: those that come
// later in a merge would wait for the end of the others, and fill its room.
void find_starved(const plan& p, std::vector<error>& faults) {
  static constexpr auto hint = "give every source an event time (leat::event_time_by), or let the "
                               "stages after it take records by arrival (leat::order::by_arrival)";
  const resolved_plan r = p.resolve(2); // open parallelism stands for several subtasks
  const auto reached = reachable(p);
  std::vector<bool> starved(p.stages.size());
  for (std::size_t i = 0; i < p.stages.size(); ++i) {
    const plan_stage& s = p.stages[i];
    std::vector<std::string> sources;
    std::string untimed;
    for (std::size_t from = 0; from < i; ++from) {
      if (!p.stages[from].kind.is_source || !reached[from][i])
        continue;
      sources.push_back('"' + p.stages[from].name + '"');
      if (!p.stages[from].timed && untimed.empty())
        untimed = sources.back();
    }
    for (const plan_edge& e : p.edges)
      starved[i] = starved[i] || (e.to == i && starved[e.from]);
    if (r.stages[i].ordered && sources.size() > 1 && !untimed.empty() && !starved[i]) {
      starved[i] = true; // and so is what stands behind it
      faults.push_back(user_error(
          fmt::format(
              "\"{}\" merges the sources {} in stamp order, but {} has no event time: one of "
              "them would starve the others",
              s.name, joined(sources), untimed),
          hint));
    }
    if (s.live_splits > 1 && !s.timed && r.stages[i].wants_order) {
      std::size_t orders = i;
      while (!reached[i][orders] || p.stages[orders].order != order::by_stamp)
        ++orders;
      faults.push_back(user_error(
          fmt::format(
              "\"{}\" takes {} live splits of source \"{}\" in stamp order, but they have no "
              "event time: the first would starve the others",
              p.stages[orders].name, s.live_splits, s.name),
          hint));
    }
  }
}

// Without event times the watermark stands still, and timers fire at the end alone.
void find_untimed(const plan& p, std::vector<error>& faults) {
  const auto reached = reachable(p);
  for (std::size_t i = 0; i < p.stages.size(); ++i)
    for (std::size_t from = 0; p.stages[i].takes_timers && from < i; ++from)
      if (p.stages[from].kind.is_source && !p.stages[from].timed && reached[from][i])
        faults.push_back(user_error(
            fmt::format("\"{}\" has timers, but the source \"{}\" before it has no event time",
                        p.stages[i].name, p.stages[from].name),
            "give it one: leat::event_time_by"));
}

} // namespace

plan_stage::plan_stage() = default;
plan_stage::plan_stage(const plan_stage&) = default;
plan_stage::plan_stage(plan_stage&&) noexcept = default;
plan_stage& plan_stage::operator=(const plan_stage&) = default;
plan_stage& plan_stage::operator=(plan_stage&&) noexcept = default;
plan_stage::~plan_stage() = default;

void plan_stage::set_times(std::chrono::microseconds bound, std::chrono::microseconds drift) {
  using std::chrono::microseconds;
  if (bound < microseconds{0} || drift < microseconds{0})
    faults.push_back(
        user_error(fmt::format("source \"{}\": {} is negative", name,
                               drift < microseconds{0} ? "max_drift" : "out_of_order or bound"),
                   "it must be 0 or above"));
  timed = true;
  out_of_order = bound;
  if (drift != any_drift)
    max_drift = drift;
}

std::vector<std::vector<std::size_t>> plan::aligned_sources() const {
  const auto reached = reachable(*this);
  const auto meet = [&](std::size_t a, std::size_t b) {
    for (std::size_t i = 0; i < stages.size(); ++i)
      if (reached[a][i] && reached[b][i])
        return true;
    return false;
  };
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    if (!stages[s].max_drift)
      continue;
    std::vector<std::size_t> joined{s};
    std::erase_if(groups, [&](const std::vector<std::size_t>& g) {
      const bool meets = std::ranges::any_of(g, [&](std::size_t other) { return meet(s, other); });
      if (meets)
        joined.insert(joined.end(), g.begin(), g.end());
      return meets;
    });
    std::ranges::sort(joined);
    groups.push_back(std::move(joined));
  }
  return groups;
}

void plan::number_branches() {
  const auto reached = reachable(*this);
  const auto meet = [&](const plan_edge& a, const plan_edge& b) {
    for (std::size_t i = 0; i < stages.size(); ++i)
      if (reached[a.to][i] && reached[b.to][i])
        return true;
    return false;
  };
  for (std::size_t a = 0; a < edges.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) {
      if (edges[a].from != edges[b].from || !meet(edges[a], edges[b]))
        continue;
      const branch_way &x = edges[a].way, &y = edges[b].way;
      const auto fork = std::mismatch(x.begin(), x.end(), y.begin(), y.end());
      auto& meeting = stages[edges[a].from].meeting;
      meeting.insert(branch_way(x.begin(), fork.first + 1));
      meeting.insert(branch_way(y.begin(), fork.second + 1));
    }
}

std::vector<error> plan::validate() const {
  std::vector<error> faults;
  if (stages.empty())
    faults.push_back(
        user_error(fmt::format("graph \"{}\" has no stages", name), "start with from()"));
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const plan_stage& s = stages[i];
    if (s.name.empty())
      faults.push_back(user_error(fmt::format("a {} stage has no name", s.kind.name),
                                  "a stage's name is the identity of its state: give it one"));
    for (std::size_t j = 0; j < i; ++j)
      if (stages[j].name == s.name && !s.name.empty())
        faults.push_back(user_error(fmt::format("two stages are called \"{}\"", s.name),
                                    "a stage's name is the identity of its state: make it unique"));
    if (s.parallelism > max_parallelism)
      faults.push_back(
          user_error(fmt::format("stage \"{}\": parallelism {} exceeds the maximum of {}", s.name,
                                 s.parallelism, max_parallelism)));
    if (s.reads_stamps && s.order == order::by_arrival)
      faults.push_back(user_error(
          fmt::format("\"{}\" {}, but its records by arrival: what it reads would differ "
                      "between runs",
                      s.name, use_of_time(s)),
          "leave out leat::order::by_arrival, or let process() take a leat::context"));
    faults.insert(faults.end(), s.faults.begin(), s.faults.end());
  }
  for (const std::string& end : loose_ends)
    faults.push_back(
        user_error(fmt::format("{} leads nowhere", end), "end it with .to(name, sink)"));
  find_starved(*this, faults);
  find_disordered(*this, faults);
  find_untimed(*this, faults);
  return faults;
}

namespace {

// What the graph leaves open follows from the run where records are spread, else from the producer.
void resolve_parallelism(const plan& p, std::size_t default_parallelism, resolved_plan& r) {
  for (std::size_t i = 0; i < p.stages.size(); ++i) {
    std::size_t n = p.stages[i].parallelism;
    for (const plan_edge& e : p.edges) {
      if (e.to != i || n != 0 || e.route == routing::broadcast)
        continue;
      if (e.route == routing::hash || e.route == routing::rebalance)
        n = default_parallelism;
      else if (p.stages[i].kind.takes_parallelism_of_producer)
        n = r.stages[e.from].parallelism;
    }
    r.stages[i].parallelism = std::max<std::size_t>(n, 1);
  }
}

// The most that a source before a stage, or it itself, declares.
void resolve_disorder(const plan& p, resolved_plan& r) {
  for (std::size_t i = 0; i < p.stages.size(); ++i) {
    resolved_plan::stage& s = r.stages[i];
    s.out_of_order = p.stages[i].out_of_order;
    for (const plan_edge& e : p.edges)
      if (e.to == i)
        s.out_of_order = std::max(s.out_of_order, r.stages[e.from].out_of_order);
  }
}

// A source of several splits merges them by itself, so it needs stamps as soon as somebody behind
// it cares for order.
void resolve_order(const plan& p, resolved_plan& r) {
  const auto in_order = order_in(p, r);
  for (std::size_t i = p.stages.size(); i-- > 0;) {
    bool wants = p.stages[i].order == order::by_stamp;
    for (const plan_edge& e : p.edges)
      if (e.from == i)
        wants = wants || r.stages[e.to].wants_order;
    r.stages[i].wants_order = wants;
    r.stages[i].by_stamp = wants && in_order.kept[i];
    r.stages[i].ordered = r.stages[i].by_stamp && in_order.channels[i] > 1;
  }
}

// What is carried on an edge is what somebody behind it reads: stamps, where they merge channels.
void resolve_columns(const plan& p, resolved_plan& r) {
  std::vector<carried_columns> reads(p.stages.size());
  std::vector<bool> orders(p.stages.size());
  for (std::size_t i = 0; i < p.stages.size(); ++i) {
    reads[i] = {r.stages[i].ordered || p.stages[i].reads_stamps, p.stages[i].reads_stamps};
    orders[i] = r.stages[i].by_stamp;
  }
  for (std::size_t i = p.stages.size(); i-- > 0;)
    for (std::size_t e = 0; e < p.edges.size(); ++e)
      if (p.edges[e].to == i) {
        r.edges[e].carried = reads[i];
        reads[p.edges[e].from] |= r.edges[e].carried;
        r.edges[e].leads_to_order = orders[i];
        orders[p.edges[e].from] = orders[p.edges[e].from] || orders[i];
      }
}

} // namespace

resolved_plan plan::resolve(std::size_t default_parallelism) const {
  resolved_plan r;
  r.stages.resize(stages.size());
  r.edges.resize(edges.size());
  resolve_parallelism(*this, default_parallelism, r);
  resolve_disorder(*this, r);
  resolve_order(*this, r);
  resolve_columns(*this, r);
  return r;
}

std::vector<error> plan::check_saving(std::size_t default_parallelism) const {
  const resolved_plan r = resolve(default_parallelism);
  std::vector<error> all;
  for (const plan_stage& s : stages)
    if (s.unsavable)
      all.push_back(*s.unsavable);
  for (const plan_edge& e : edges)
    if (r.stages[e.to].ordered && !e.codec)
      all.push_back(user_error(fmt::format("records of type {} that \"{}\" merges cannot be saved",
                                           e.type, stages[e.to].name),
                               "declare the fields of the type"));
  return all;
}

namespace {

template <class Is>
result<plan_stage*> find_among(std::vector<plan_stage>& stages, std::string_view name,
                               std::string_view what, Is is) {
  std::vector<std::string> names;
  for (plan_stage& s : stages)
    if (is(s)) {
      if (s.name == name)
        return &s;
      names.push_back(s.name);
    }
  return user_error(
      fmt::format("there is no {} stage \"{}\"", what, name),
      fmt::format("{} stages of this graph: {}", what, names.empty() ? "none" : joined(names)));
}

} // namespace

result<plan_stage*> plan::find_sink(std::string_view stage) {
  return find_among(stages, stage, "sink", [](const plan_stage& s) { return s.kind.is_sink; });
}

result<plan_stage*> plan::find_batching(std::string_view stage) {
  return find_among(stages, stage, "windowing",
                    [](const plan_stage& s) { return s.batching.has_value(); });
}

result<void> plan::check(const command& c) const {
  bool known = c.stage.empty();
  std::vector<std::string> takers; // of the verb
  std::set<std::string> verbs;     // of the stage, or of all
  for (const plan_stage& s : stages) {
    if (c.is_for(s.name, s.verbs))
      return {};
    if (command{{}, c.verb, {}}.is_for(s.name, s.verbs))
      takers.push_back(s.name);
    if (!c.stage.empty() && c.stage != s.name)
      continue;
    known = true;
    verbs.insert(s.verbs.begin(), s.verbs.end());
  }
  if (!known)
    return user_error(fmt::format("there is no stage \"{}\"", c.stage),
                      fmt::format("stages that take \"{}\": {}", c.verb,
                                  takers.empty() ? "none" : joined(takers)));
  const std::string whose = c.stage.empty() ? "the job" : fmt::format("stage \"{}\"", c.stage);
  return user_error(fmt::format("{} has no command \"{}\"", whose, c.verb),
                    verbs.empty() ? "it takes no commands"
                                  : fmt::format("it takes: {}", fmt::join(verbs, ", ")));
}

std::vector<error> plan::set_batching(const std::map<std::string, any_batching>& batchings) {
  std::vector<error> faults;
  for (const auto& [stage, batching] : batchings)
    if (const auto s = find_batching(stage))
      (*s)->batching = batching;
    else
      faults.push_back(s.error());
  return faults;
}

} // namespace leat
