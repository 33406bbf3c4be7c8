// The smallest graph that does something: counts words by their first letter.
//   hello run
#include <leat/run.hpp>
#include <leat/sinks/print.hpp>

struct word {
  std::string text;
  static constexpr auto fields = leat::fields("word", leat::field("text", &word::text));
};

struct words {
  using record_type = word;
  std::size_t next = 0;
  leat::pulled pull(std::size_t demand, leat::output<word>& out) {
    static constexpr std::array all{"leats", "bring", "water", "to", "mills", "water", "turns", "them"};
    for (; demand > 0 && next < all.size(); --demand)
      out({all[next++]});
    return next < all.size() ? leat::pulled::more() : leat::pulled::done();
  }
};

int main(int argc, char** argv) {
  leat::graph g{"hello"};
  g.from("words", words{})
      .filter("long", [](const word& w) { return w.text.size() > 4; })
      .to("out", leat::print_sink{});
  return leat::run(std::move(g), argc, argv);
}
