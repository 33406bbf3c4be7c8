// Asks for a model that is not there.
// prints model 'none.model': .*no such file.*
#include <leat/scoring/xgboost.hpp>

#include <cstdio>

struct item {
  float number = 0;
  static constexpr auto fields = leat::fields("item", leat::feature("number", &item::number));
};

int main() {
  const auto model = leat::xgboost<item>{"none.model"}.load();
  std::puts(model ? "found" : model.error().what.c_str());
}
