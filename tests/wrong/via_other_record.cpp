// error: via(name, actor): leat::actor<A>(...) of a leat::stage_actor<In, Out> whose In is this
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).via("own", same{}).to("out", sink{});
}
