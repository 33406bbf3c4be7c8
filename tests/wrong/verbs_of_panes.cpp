// 10 errors: a batched stream offers score(name, model) and nothing else
#include "program.hpp"

auto panes(leat::graph& g) { return g.from("in", items{}).window("w", leat::batch{}); }

int main() {
  leat::graph g("wrong");
  auto others = g.from("others", items{});
  panes(g).map("a", by_id).to("out", sink{});
  panes(g).filter("bb", by_id).to("out", sink{});
  panes(g).flat_map("ccc", by_id).to("out", sink{});
  panes(g).key_by(by_id).process("p", same{}).to("out", sink{});
  panes(g).rebalance("dddd").to("out", sink{});
  panes(g).merge("eeeee", others).to("out", sink{});
  panes(g).process("ffffff", same{}).to("out", sink{});
  panes(g).window("ggggggg", leat::batch{}).score("s", zero{}).to("out", sink{});
  panes(g).side<item>("hhhhhhhh").to("out", sink{});
  panes(g).to("iiiiiiiii", sink{});
}
