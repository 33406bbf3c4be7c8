// error: a source of lines reads records that declare their fields
#include "program.hpp"

#include <leat/connectors/csv/source.hpp>

struct bare {
  int id = 0;
};

int main() {
  leat::graph g("wrong");
  g.from("in", leat::csv_source<bare>{"bare.csv"}).to("out", any_sink{});
}
