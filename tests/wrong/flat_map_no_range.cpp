// error: flat_map(name, f): f takes a const record&, returns a range of records
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).flat_map("f", [](const item& i) { return i; }).to("out", sink{});
}
