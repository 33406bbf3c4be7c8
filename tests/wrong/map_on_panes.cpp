// error: a batched stream offers score(name, model) and nothing else
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).window("w", leat::batch{}).map("m", by_id).to("out", sink{});
}
