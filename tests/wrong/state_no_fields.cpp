// error: state must be of a type that can be saved
// told: std::map<
#include "program.hpp"

#include <map>

struct counting {
  using output_type = item;
  leat::value_state<std::map<int, std::string>> seen;
  void open(leat::setup& setup) { seen = setup.value<std::map<int, std::string>>("seen"); }
  void process(const item& i, leat::emitter<item>& out, leat::context& ctx) {
    ctx.edit(seen)[1] += ctx.get(seen).at(2);
    ctx.erase(seen);
    out(i);
  }
};

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).key_by(by_id).process("p", counting{}).to("out", sink{});
}
