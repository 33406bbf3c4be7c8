// The fraud graph with several output files, which kills.py runs and disturbs.
#include "graph.hpp"

#include <leat/connectors/csv/sink.hpp>
#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/json_lines/sink.hpp>
#include <leat/run.hpp>
#include <leat/scoring/trees.hpp>

int main(int argc, char** argv) {
  leat::program outputs{"outputs", "Scores payments into several files, for tests of outputs."};
  std::string input, model, out;
  outputs.add("--input FILE", input, "payments as CSV").required();
  outputs.add("--model FILE", model, "of the program fraud").required();
  outputs.add("--out FOLDER", out, "where alerts.jsonl, scores.csv and large.jsonl go").required();
  outputs.graph([&] {
    leat::graph g{"outputs"};
    const auto scores = fraud::with_features(g, leat::csv_source<fraud::payment>(input))
                            .window("pane", leat::record_at_a_time{})
                            .score("risk", leat::trees<fraud::features>(model));
    const auto all =
        scores.map("verdict", [](const leat::scored<fraud::features>& s) { return to_alert(s); });
    all.filter("risky", [](const fraud::alert& a) { return a.score > 0.1F; })
        .to("alerts", leat::json_lines_sink<fraud::alert>(out + "/alerts.jsonl"));
    all.filter("large", [](const fraud::alert& a) { return a.cents > 5000; })
        .to("large", leat::json_lines_sink<fraud::alert>(out + "/large.jsonl"));
    all.to("scores", leat::csv_sink<fraud::alert>(out + "/scores.csv"));
    return g;
  });
  return outputs.main(argc, argv);
}
