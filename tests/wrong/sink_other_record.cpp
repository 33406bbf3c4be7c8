// error: to(name, sink): the sink takes records of another type than the stream has
// told: TakenBySink = leat::scored<item>
// told: OfStream = item
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).to("out", scored_sink{});
}
