// error: score() needs panes: call .window(name, batching) before .score(name, model)
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).score("s", zero{}).to("out", sink{});
}
