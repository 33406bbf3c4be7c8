#include <leat/internal/runtime/credit_shares.hpp>

#include <algorithm>

namespace leat {

namespace {

// A part of an amount, but never nothing: without credit nothing is ever sent.
template <class Amount>
Amount part(Amount whole, double share) {
  return std::max<Amount>(1, static_cast<Amount>(static_cast<double>(whole) * share));
}

credit usual_window(const credit& window, std::size_t lanes) {
  constexpr std::size_t full_windows = 4;
  if (lanes <= full_windows)
    return window;
  const double share = static_cast<double>(full_windows) / static_cast<double>(lanes);
  return {part(window.frames, share), part(window.records, share), part(window.bytes, share)};
}

// What each lane into a subtask gets. Subtasks of a stage are alike.
struct lane_share {
  credit window;
  frame_limits frames;
};

std::vector<lane_share> usual_shares(const wired_job& w, const run_options& options) {
  std::vector<lane_share> shares(w.stage_of.empty() ? 0 : w.stage_of.back() + 1);
  for (std::size_t n = 0; n < w.subtasks.size(); ++n)
    shares[w.stage_of[n]] = {usual_window(options.credit_limit, w.subtasks[n].channels.size()),
                             options.frames};
  return shares;
}

template <class Visit>
void each_lane_between_nodes(const wired_job& w, const std::vector<std::size_t>& nodes,
                             Visit visit) {
  for (std::size_t n = 0; n < nodes.size(); ++n)
    for (const auto& [from, port, lane] : w.subtasks[n].channels)
      if (nodes[from] != nodes[n])
        visit(nodes[from], nodes[n], w.stage_of[n]);
}

// The nodes with the most to take decide for the stages that they have a part in.
void fit_node_buffer(std::vector<lane_share>& shares, const wired_job& w,
                     const std::vector<std::size_t>& nodes, double buffer) {
  std::map<std::size_t, double> leaves, comes; // bytes, by node
  each_lane_between_nodes(w, nodes, [&](std::size_t from, std::size_t to, std::size_t stage) {
    const double bytes = most_bytes(shares[stage].window, shares[stage].frames);
    leaves[from] += bytes, comes[to] += bytes;
  });
  std::vector<double> most(shares.size(), buffer);
  each_lane_between_nodes(w, nodes, [&](std::size_t from, std::size_t to, std::size_t stage) {
    most[stage] = std::max({most[stage], leaves[from], comes[to]});
  });
  for (std::size_t s = 0; s < shares.size(); ++s)
    if (most[s] > buffer) {
      shares[s].window.bytes = part(shares[s].window.bytes, buffer / most[s]);
      shares[s].frames.bytes = part(shares[s].frames.bytes, buffer / most[s]);
    }
}

} // namespace

double most_bytes(const credit& window, const frame_limits& frames) {
  return static_cast<double>(window.bytes) + 2 * static_cast<double>(frames.bytes);
}

void share_credit(wired_job& w, const run_options& options, const std::vector<std::size_t>& nodes) {
  auto shares = usual_shares(w, options);
  fit_node_buffer(shares, w, nodes, static_cast<double>(options.node_buffer));
  for (planned_subtask& t : w.subtasks) {
    subtask::settings& s = t.blueprint.settings;
    s.credit_limit = shares[w.stage_of[t.number]].window;
    s.services.limits = options.frames;
    for (std::size_t port = 0; port < t.ports.size(); ++port) {
      const std::size_t consumer = t.ports[port].front().first; // they are alike
      const lane_share& share = shares[w.stage_of[consumer]];
      s.ports[port].credit_limit = share.window;
      s.ports[port].limits = share.frames;
      // What the stage emits may be handed on as it is.
      s.services.limits.bytes = std::min(s.services.limits.bytes, share.frames.bytes);
    }
  }
}

} // namespace leat
