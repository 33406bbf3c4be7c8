// error: state must be of a type that can be saved
// told: undeclared
#include "program.hpp"

struct undeclared {
  std::string text;
};

struct counting {
  using output_type = item;
  leat::map_state<int, std::vector<undeclared>> seen;
  void open(leat::setup& setup) { seen = setup.map<int, std::vector<undeclared>>("seen"); }
  void process(const item& i, leat::emitter<item>& out, leat::context& ctx) {
    ctx.edit(seen, 1).emplace_back();
    out(i);
  }
};

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).key_by(by_id).process("p", counting{}).to("out", sink{});
}
