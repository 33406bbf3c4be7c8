// error: process(name, operator): the operator says what it emits: using output_type = ...;
#include "program.hpp"

struct silent {
  void process(const item&, leat::emitter<item>&, leat::context&) {}
};

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).key_by(by_id).process("p", silent{}).to("out", sink{});
}
