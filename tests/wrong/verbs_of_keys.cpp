// 9 errors: a keyed stream offers process(name, operator),
#include "program.hpp"

auto keyed(leat::graph& g) { return g.from("in", items{}).key_by(by_id); }

int main() {
  leat::graph g("wrong");
  auto others = g.from("others", items{});
  keyed(g).map("a", by_id).to("out", sink{});
  keyed(g).filter("bb", by_id).to("out", sink{});
  keyed(g).flat_map("ccc", by_id).to("out", sink{});
  keyed(g).key_by(by_id).process("p", same{}).to("out", sink{});
  keyed(g).rebalance("dddd").to("out", sink{});
  keyed(g).merge("eeeee", others).to("out", sink{});
  keyed(g).score("ffffff", zero{}).to("out", sink{});
  keyed(g).side<item>("ggggggg").to("out", sink{});
  keyed(g).to("hhhhhhhh", sink{});
}
