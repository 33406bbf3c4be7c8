// Asks what the component says to an address that is none.
// prints asked
#include <leat/connectors/http/sink.hpp>

#include <cstdio>

struct item {
  int number = 0;
  static constexpr auto fields = leat::fields("item", leat::field("number", &item::number));
};

int main() {
  const auto fine = leat::http_sink<item>{"http://localhost/items"}.check();
  const auto wrong = leat::http_sink<item>{"items"}.check();
  std::puts(fine && !wrong ? "asked" : "strange");
}
