// Payments scored by a model.   cards run
#include "graph.hpp"

#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/json_lines/sink.hpp>
#include <leat/run.hpp>
#include <leat/scoring/trees.hpp>

// [region main]
int main(int argc, char** argv) {
  leat::program program("cards", "Scores card payments.");
  std::string input = "payments.csv", model = "model.json", alerts = "alerts.jsonl";
  program.add("--input FILES", input, "payments as CSV: a file or a glob");
  program.add("--model FILE", model, "XGBoost model in JSON").sent_to_workers();
  program.add("--alerts FILE", alerts, "file for alerts, as JSON Lines");
  program.graph([&] {
    return cards::scoring(leat::csv_source<cards::payment>(input),
                          leat::trees<cards::features>(model),
                          leat::json_lines_sink<cards::alert>(alerts));
  });
  return program.main(argc, argv);
}
// [end]
