// error: a record must declare its fields (leat::fields)
// told: bare
#include "program.hpp"

#include <leat/connectors/json_lines/sink.hpp>

struct bare {
  int id = 0;
};

int main() {
  leat::graph g("wrong");
  g.from("in", items{})
      .map("bare", [](const item& i) { return bare{static_cast<int>(i.id)}; })
      .to("out", leat::json_lines_sink<bare>{"bare.jsonl"});
}
