#include <leat/detail/state/cow.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using leat::detail::cow;

TEST_CASE("who changes a shared value changes a copy, who holds it alone the value") {
  cow<std::string> a;
  a.edit() = "first";
  const std::string* const place = &*a;
  a.edit() += "!";
  CHECK(&*a == place);

  cow<std::string> b = a;
  CHECK(a == b);
  CHECK((a.shared() && b.shared()));
  b.edit() += "?";
  CHECK(*a == "first!");
  CHECK(*b == "first!?");
  CHECK(&*a == place);
  CHECK(!(a.shared() || b.shared()));
  a = b;
  CHECK((a == b && b.shared()));
  a = cow<std::string>{};
  CHECK(!b.shared());
}

TEST_CASE("the last holder destroys the value") {
  struct counted {
    static int& alive() {
      static int n = 0;
      return n;
    }
    counted() { ++alive(); }
    counted(const counted&) { ++alive(); }
    ~counted() { --alive(); }
  };
  {
    std::vector<cow<counted>> all(3, cow<counted>{});
    CHECK(counted::alive() == 1);
    all[1].edit();
    CHECK(counted::alive() == 2);
    all.resize(2, all[0]);
    all.push_back(all[1]);
    all.insert(all.begin(), all[2]);
    all.erase(all.begin() + 1);
    CHECK(counted::alive() == 1);
  }
  CHECK(counted::alive() == 0);
}
