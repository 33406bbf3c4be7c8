// error: to(name, sink): a sink of this stream has write(span<const record>)
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).to("out", items{});
}
