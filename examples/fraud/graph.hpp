// The fraud graphs. They are functions of their ends, so training, scoring and tests share them.
#pragma once

#include "card_features.hpp"
#include "evaluation.hpp"
#include "terminal_features.hpp"
#include "train.hpp"

#include <leat/graph.hpp>

#include <memory>

namespace fraud {

/// Payments with everything the model reads. The same operators serve training and scoring.
template <leat::source_of<payment> Payments>
auto with_features(leat::graph& g, Payments payments) {
  return g
      .from("payments", std::move(payments),
            leat::event_time_by{[](const payment& p) { return p.time; }})
      .filter("settled", [](const payment& p) { return p.cents > 0; })
      .key_by([](const payment& p) { return p.card; })
      .process("card-features", card_features{})
      .key_by([](const card_view& v) { return v.terminal; })
      .process("terminal-features", terminal_features{});
}

/// What decides, and what it is measured on; stands in the model's file.
struct policy {
  float threshold = 0;
  leat::event_time test_from; ///< of the day the model has not seen
  leat::event_time test_to;
};

/// Counts verdicts over all subtasks of a sink.
class evaluation_sink {
public:
  static constexpr bool at_coordinator = true; // `into` is read there

  evaluation_sink(const policy& p, std::shared_ptr<verdicts> into)
      : evaluation_(p.test_from, p.test_to, p.threshold), into_(std::move(into)) {}

  void write(std::span<const leat::scored<features>> rows) {
    for (const auto& row : rows)
      evaluation_.add(row.record, row.score);
  }
  verdicts prepare(leat::epoch) const { return evaluation_.counts(); }
  void restore(const verdicts& counts) { evaluation_ += counts; }
  void commit(const verdicts& counts) { *into_ = counts; } // one subtask: nobody else writes

private:
  evaluation evaluation_;
  std::shared_ptr<verdicts> into_;
};

inline alert to_alert(const leat::scored<features>& s) {
  return {s.record.id, s.record.time, s.record.card, s.record.cents, s.score, s.model->sha256};
}

/// payments -> features per card -> features per terminal -> windowing -> score -> alerts.
/// `judged` gets what the scores were worth on the day that the model has not seen.
template <leat::source_of<payment> Payments, leat::model_provider_on<features> Model,
          leat::sink_of<alert> Alerts>
leat::graph scoring_graph(Payments payments, leat::any_batching pane, Model model, policy p,
                          Alerts alerts, std::shared_ptr<verdicts> judged) {
  leat::graph g("fraud");
  const auto scores =
      with_features(g, std::move(payments)).window("pane", pane).score("risk", std::move(model));
  scores.filter("risky", [p](const leat::scored<features>& s) { return s.score >= p.threshold; })
      .map("alert", [](const leat::scored<features>& s) { return to_alert(s); })
      .to("alerts", std::move(alerts));
  scores
      .filter("unseen day",
              [p](const leat::scored<features>& s) {
                return s.record.time >= p.test_from && s.record.time < p.test_to;
              })
      .to("evaluation", evaluation_sink(p, std::move(judged)));
  return g;
}

/// Hands rows to a trainer, in the order of the stream.
class training_sink {
public:
  explicit training_sink(std::shared_ptr<trainer> to) : to_(std::move(to)) {}
  void write(std::span<const features> rows) {
    for (const features& row : rows)
      to_->add(row);
  }

private:
  std::shared_ptr<trainer> to_;
};

template <leat::source_of<payment> Payments>
leat::graph training_graph(Payments payments, std::shared_ptr<trainer> to) {
  leat::graph g("fraud-training");
  with_features(g, std::move(payments))
      .to("trainer", training_sink(std::move(to)), {1, leat::order::by_stamp});
  return g;
}

} // namespace fraud
