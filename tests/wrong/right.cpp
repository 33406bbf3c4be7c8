#include "program.hpp"

int main() {
  leat::graph g("right");
  g.from("in", items{})
      .filter("some", [](const item& i) { return i.id > 2; })
      .key_by(by_id)
      .process("p", same{})
      .window("w", leat::batch{})
      .score("s", zero{})
      .to("out", scored_sink{});
}
