// error: from(name, source): the source says what it reads: using record_type = ...;
#include "program.hpp"

struct untyped {
  leat::pull_status pull(std::size_t, leat::emitter<item>&);
};

int main() {
  leat::graph g("wrong");
  g.from("in", untyped{}).map("m", by_id).to("out", sink{});
}
