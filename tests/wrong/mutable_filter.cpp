// error: filter(name, f): f takes a const record&, returns bool and is const itself
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{})
      .filter("f", [n = 0](const item&) mutable { return ++n > 2; })
      .to("out", sink{});
}
