// error: a stage actor keeps its behaviour, or its stream would stand still
#include <leat/actor.hpp>

#include "program.hpp"

struct changing : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  void process(const item& i, leat::emitter<item>& out) {
    become(caf::behavior{});
    out(i);
  }
};

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).via("own", leat::actor<changing>()).to("out", sink{});
}
