// Payments that are large for their card, by a plain rule.   large_payments run
#include "card_features.hpp"

#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/json_lines/sink.hpp>
#include <leat/run.hpp>

using namespace cards;

// [region main]
int main(int argc, char** argv) {
  leat::graph g("large_payments");
  g.from("payments", leat::csv_source<payment>("payments.csv"))
      .filter("settled", [](const payment& p) { return p.cents > 0; })
      .key_by([](const payment& p) { return p.card; })
      .process("card-features", card_features{})
      .filter("large", [](const features& f) { return f.ratio > 5; })
      .to("large", leat::json_lines_sink<features>("large.jsonl"));
  return leat::run(std::move(g), argc, argv);
}
// [end]
