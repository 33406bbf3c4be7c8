// error: two fields of a record have the same name
#include "program.hpp"

struct twice {
  std::int64_t from = 0, to = 0;
  static constexpr auto fields =
      leat::fields("twice", leat::field("id", &twice::from), leat::field("id", &twice::to));
};

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).map("twice", [](const item&) { return twice{}; }).to("out", any_sink{});
}
