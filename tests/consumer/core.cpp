// The core alone: records and formats.
// prints 42
#include <leat/csv.hpp>
#include <leat/version.hpp>

#include <cstdio>

static_assert(LEAT_VERSION ==
              LEAT_VERSION_MAJOR * 10000 + LEAT_VERSION_MINOR * 100 + LEAT_VERSION_PATCH);

struct item {
  int number = 0;
  static constexpr auto fields = leat::fields("item", leat::field("number", &item::number));
};

int main() {
  std::string line;
  leat::append_csv(line, item{42});
  std::puts(line.c_str());
}
