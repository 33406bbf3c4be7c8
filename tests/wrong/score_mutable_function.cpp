// error: a function takes a const record&, or a span<const record> and a span<float>, and is const
// itself
#include "program.hpp"

int main() {
  leat::graph g("wrong");
  g.from("in", items{})
      .window("w", leat::batch{})
      .score("s", [n = 0](const item&) mutable { return static_cast<float>(++n); })
      .to("out", sink{});
}
