// error: from(name, source): a reader with position() also has leat::result<void> seek(position),
// and its positions are numbers, texts or structs that declare their fields
#include "program.hpp"

struct lost : items {
  std::uint64_t position() const { return 0; }
};

int main() {
  leat::graph g("wrong");
  g.from("in", lost{}).map("m", by_id).to("out", sink{});
}
