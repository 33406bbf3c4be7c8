// error: process() needs keys: call .key_by(f) before .process(name, operator)
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).process("p", same{}).to("out", sink{});
}
