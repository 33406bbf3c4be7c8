// The edge graphs, as functions of their ends: the program and the tests share them.
#pragma once

#include "detectors.hpp"
#include "episodes.hpp"
#include "sensor_history.hpp"

#include <leat/graph.hpp>

namespace edge {

inline const auto sensor_of = [](const reading& r) -> const std::string& { return r.sensor; };

/// readings -> what each sensor's past says about them.
template <leat::source_of<reading> Readings>
auto with_history(leat::graph& g, Readings readings) {
  return g
      .from("readings", std::move(readings),
            leat::event_time_by{[](const reading& r) { return r.timestamp; }})
      .key_by(sensor_of)
      .process("history", sensor_history{});
}

/// views -> windowing -> score -> alerts. Stage names begin with `name`.
template <class Views, leat::model_on<view> Model, leat::sink_of<alert> Alerts>
void detect(const Views& views, const std::string& name, leat::any_batching pane, Model model,
            float threshold, Alerts alerts) {
  views.window(name + "-pane", pane)
      .score(name, std::move(model))
      .key_by([](const leat::scored<view>& s) -> const std::string& { return s.record.sensor; })
      .process(name + "-episodes", episodes{threshold})
      .to(name + "-alerts", std::move(alerts));
}

template <leat::source_of<reading> Readings, leat::sink_of<alert> Alerts>
leat::graph alert_graph(Readings readings, leat::any_batching pane, float threshold,
                        Alerts alerts) {
  leat::graph g("edge");
  detect(with_history(g, std::move(readings)), "residual", pane, farthest_residual{}, threshold,
         std::move(alerts));
  return g;
}

/// Both detectors over the same views.
template <leat::source_of<reading> Readings, leat::sink_of<alert> Alerts>
leat::graph comparison_graph(Readings readings, leat::any_batching pane, Alerts residual,
                             Alerts plain) {
  leat::graph g("edge-evaluation");
  const auto views = with_history(g, std::move(readings));
  detect(views, "residual", pane, farthest_residual{}, farthest_residual::threshold,
         std::move(residual));
  detect(views, "z-score", pane, z_score{}, z_score::threshold, std::move(plain));
  return g;
}

} // namespace edge
