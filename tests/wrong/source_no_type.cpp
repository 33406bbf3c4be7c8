// error: from(name, source): the source says what it reads: using record_type = ...;
#include "program.hpp"

struct untyped {
  leat::pulled pull(std::size_t, leat::output<item>&);
};

int main() {
  leat::graph g("wrong");
  g.from("in", untyped{}).map("m", by_id).to("out", sink{});
}
