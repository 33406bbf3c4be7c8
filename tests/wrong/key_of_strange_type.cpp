// error: a key is a number, an enum, a bool, a std::string, or a
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{})
      .key_by([](const item& i) { return i; })
      .process("p", same{})
      .to("out", sink{});
}
