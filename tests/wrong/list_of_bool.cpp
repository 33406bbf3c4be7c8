// error: a list of bool cannot be read as a std::span; use std::uint8_t
#include "program.hpp"

struct counting {
  using output_type = item;
  leat::list_state<bool> seen;
  void open(leat::setup& setup) { seen = setup.list<bool>("seen"); }
  void process(const item& i, leat::emitter<item>& out, leat::context&) { out(i); }
};

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).key_by(by_id).process("p", counting{}).to("out", sink{});
}
