// error: a record must declare its fields (leat::fields), and a field must be
// told: std::map<
#include "program.hpp"

#include <map>

struct tagged {
  std::map<std::string, std::string> tags;
  static constexpr auto fields = leat::fields("tagged", leat::field("tags", &tagged::tags));
};

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).map("tag", [](const item&) { return tagged{}; }).to("out", any_sink{});
}
