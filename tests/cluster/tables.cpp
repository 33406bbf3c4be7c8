// The fraud graph with a table of SQLite as output, which chaos.py runs and disturbs.
#include "graph.hpp"

#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/sqlite/sink.hpp>
#include <leat/run.hpp>
#include <leat/scoring/trees.hpp>

int main(int argc, char** argv) {
  leat::program tables{"tables", "Scores payments into a table, for tests of outputs."};
  std::string input, model, alerts;
  tables.add("--input FILE", input, "payments as CSV").required();
  tables.add("--model FILE", model, "of the program fraud").required();
  tables.add("--alerts FILE", alerts, "database for alerts").required();
  tables.graph([&] {
    return fraud::scoring_graph(
        leat::csv_source<fraud::payment>(input), leat::record_at_a_time{},
        leat::trees<fraud::features>(model), {.threshold = 0.5F, .test_from = {}, .test_to = {}},
        leat::sqlite_sink<fraud::alert>(alerts, "alerts",
                                        {.create = true}), // rows that come twice stay
        std::make_shared<fraud::verdicts>());
  });
  return tables.main(argc, argv);
}
