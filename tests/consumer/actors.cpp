// A graph as a user writes it, with an actor of his own in it.
// prints .*18.*
#include <leat/actor.hpp>
#include <leat/connectors/console/print.hpp>
#include <leat/run.hpp>

struct item {
  int number = 0;
  static constexpr auto fields = leat::fields("item", leat::feature("number", &item::number));
};

struct numbers {
  using record_type = item;
  int next = 0;
  leat::pull_status pull(std::size_t demand, leat::emitter<item>& out) {
    for (; demand > 0 && next < 10; --demand)
      out({next++});
    return next < 10 ? leat::pull_status::more() : leat::pull_status::done();
  }
};

struct twice {
  using score_type = float;
  void predict(std::span<const item> rows, std::span<float> scores) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      scores[i] = 2.0F * static_cast<float>(rows[i].number);
  }
};

struct passing : leat::stage_actor<item, item> {
  using stage_actor::stage_actor;
  void process(const item& i, leat::emitter<item>& out) { out(i); }
};

int main(int argc, char** argv) {
  leat::graph g("consumer");
  g.from("numbers", numbers{})
      .via("own", leat::actor<passing>())
      .window("pane", leat::micro_batch{})
      .score("twice", twice{})
      .filter("last", [](const leat::scored<item>& s) { return s.score == 18; })
      .map("plain", [](const leat::scored<item>& s) { return item{static_cast<int>(s.score)}; })
      .to("out", leat::print_sink{});
  return leat::run(std::move(g), argc, argv);
}
