// The smallest graph that does something: squares of even numbers.   hello run
// [region all]
#include <leat/connectors/console/print.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/run.hpp>

struct number {
  std::uint64_t value = 0;
  static constexpr auto fields = leat::fields("number", leat::field("value", &number::value));
};

int main(int argc, char** argv) {
  leat::graph g{"hello"};
  g.from("numbers", leat::generate([](std::uint64_t n) { return number{n}; }, 10))
      .filter("even", [](const number& n) { return n.value % 2 == 0; })
      .map("square", [](const number& n) { return number{n.value * n.value}; })
      .to("out", leat::print_sink{});
  return leat::run(std::move(g), argc, argv);
}
// [end]
