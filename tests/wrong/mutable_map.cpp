// error: map(name, f): f takes a const record& and is const itself
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{})
      .map("m",
           [n = 0](const item& i) mutable {
             ++n;
             return i;
           })
      .to("out", sink{});
}
