// Rows into a table and out of it again.
// prints .*0.*1.*2.*
#include <leat/connectors/console/print.hpp>
#include <leat/connectors/memory/generate.hpp>
#include <leat/connectors/sqlite/sink.hpp>
#include <leat/connectors/sqlite/source.hpp>
#include <leat/run.hpp>

struct item {
  int number = 0;
  static constexpr auto fields = leat::fields("item", leat::field("number", &item::number));
};

int main(int argc, char** argv) {
  leat::graph write("write");
  write.from("numbers", leat::generate([](std::uint64_t n) { return item{int(n)}; }, 3))
      .to("table", leat::sqlite_sink<item>{"items.db", "items", {.create = true}});
  if (const int code = leat::run(std::move(write), argc, argv); code != leat::exit_done)
    return code;
  leat::graph read("read");
  read.from("table", leat::sqlite_source<item>{"items.db", "items"}).to("out", leat::print_sink{});
  return leat::run(std::move(read), argc, argv);
}
