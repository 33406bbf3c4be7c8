// error: score(name, model): a model says what a score is: using score_type = float;
#include "program.hpp"

struct mute {
  void predict(std::span<const item>, std::span<float>) const {}
};

int main() {
  leat::graph g("wrong");
  g.from("in", items{}).window("w", leat::batch{}).score("s", mute{}).to("out", sink{});
}
