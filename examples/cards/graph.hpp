// The graph, as a function of its sources and sinks: the program and the tests share it.
#pragma once

#include "card_features.hpp"

#include <leat/graph.hpp>

namespace cards {

using namespace std::chrono_literals;

inline alert to_alert(const leat::scored<features>& s) {
  return {s.record.id, s.record.card, s.record.cents, s.score, s.model->sha256};
}

// [region graph]
leat::graph scoring(leat::source_of<payment> auto payments,
                    leat::model_provider_on<features> auto model,
                    leat::sink_of<alert> auto alerts) {
  leat::graph g("cards");
  g.from("payments", payments, leat::event_time_by{[](const payment& p) { return p.time; }})
      .filter("settled", [](const payment& p) { return p.cents > 0; })
      .key_by([](const payment& p) { return p.card; })
      .process("card-features", card_features{})   // keyed state: a card's earlier payments
      .window("pane", leat::micro_batch{256, 5ms}) // the windowing actor; can be swapped
      .score("risk", model)                        // any model, such as XGBoost trees
      .filter("risky", [](const leat::scored<features>& s) { return s.score > 0.9f; })
      .map("alert", to_alert)
      .to("alerts", alerts);
  return g;
}
// [end]

} // namespace cards
