#include <leat/scoring/trees.hpp>

#include "tiny_models.hpp"

#include "support/catch.hpp"

#include <limits>

using namespace leat::test;

namespace {

struct payment {
  std::int64_t id = 0;
  std::int32_t cents = 0;
  double distance = 0;
  static constexpr auto fields = leat::fields("payment", leat::field("id", &payment::id),
                                              leat::feature("cents", &payment::cents),
                                              leat::feature("distance", &payment::distance));
};

using three = std::array<float, 3>;

static_assert(leat::model_provider_on<leat::trees<payment>, payment>);
static_assert(leat::model_provider_on<leat::trees<payment, three>, payment>);
static_assert(leat::model_on<leat::row_model<payment, float, leat::tree_ensemble>, payment>);
static_assert(leat::model_on<leat::row_model<payment, three, leat::tree_ensemble>, payment>);

/// Left below 100 cents; right, distance decides.
nlohmann::json two_features() {
  return tiny_model("reg:squarederror", 2, "0",
                    {{{1, 0, 100, true}, leaf(1), {3, 1, 0.5f, false}, leaf(2), leaf(3)}});
}

nlohmann::json three_classes() {
  return tiny_model("multi:softprob", 2, "5E-1", {stump(100, 0, 2), {leaf(0)}, {leaf(1)}}, 3);
}

template <class Provider>
leat::error error_of(const Provider& provider) {
  auto loaded = provider.load();
  REQUIRE_FALSE(loaded);
  return loaded.error();
}

} // namespace

TEST_CASE("records are scored by their feature fields") {
  const scoped_file file(".json", two_features().dump());
  const auto model = leat::trees<payment>(file.path()).load();
  REQUIRE(model);
  const double missing = std::numeric_limits<double>::quiet_NaN();
  const std::vector<payment> rows = {{1, 99, 0}, {2, 100, 0.4}, {3, 100, 0.5}, {4, 100, missing}};
  std::vector<float> scores(rows.size());
  (*model)->predict(rows, scores);
  CHECK(scores == std::vector<float>{1, 2, 3, 3});
  REQUIRE((*model)->identity);
  CHECK((*model)->identity->id == std::filesystem::path(file.path()).filename());
  CHECK((*model)->identity->sha256.size() == 64);
}

TEST_CASE("many records score as each of them alone") {
  const scoped_file file(".ubj", as_ubj(three_classes()));
  const auto model = leat::trees<payment, three>(file.path()).load();
  REQUIRE(model);
  std::vector<payment> rows(500);
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i].cents = static_cast<int>(i * 37 % 200);
  std::vector<three> all(rows.size());
  (*model)->predict(rows, all);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    three one{};
    (*model)->predict({&rows[i], 1}, {&one, 1});
    REQUIRE(one == all[i]);
  }
  CHECK(all[0][2] > all[0][0]); // 0 cents
  CHECK(all[3][0] > all[3][2]); // 111 cents
  CHECK(all[0][0] == all[0][1]);
  (*model)->predict({}, {}); // no rows are fine
}

TEST_CASE("a model of another width is refused, and the error names both sides") {
  const scoped_file file(".json", tiny_model("reg:squarederror", 5, "0", {}).dump());
  const auto e = error_of(leat::trees<payment>(file.path()));
  CHECK(mentions(e, file.path()));
  CHECK(mentions(e, "reads 5 features, record 'payment' has 2: cents, distance"));
}

TEST_CASE("feature names must be the record's, in order, where the model has them") {
  auto document = two_features();
  document["learner"]["feature_names"] = {"cents", "distance"};
  const scoped_file right(".json", document.dump());
  CHECK(leat::trees<payment>(right.path()).load());
  document["learner"]["feature_names"] = {"distance", "cents"};
  const scoped_file wrong(".json", document.dump());
  const auto e = error_of(leat::trees<payment>(wrong.path()));
  CHECK(mentions(e, wrong.path()));
  CHECK(mentions(e, "reads 'distance' as feature 0, record 'payment' has 'cents' there"));
}

TEST_CASE("the number of scores must be the model's") {
  const scoped_file file(".json", three_classes().dump());
  CHECK(mentions(error_of(leat::trees<payment>(file.path())), "gives 3 scores a record"));
  CHECK(mentions(error_of(leat::trees<payment, std::array<float, 2>>(file.path())), "takes 2"));
  const scoped_file single(".json", two_features().dump());
  CHECK(mentions(error_of(leat::trees<payment, three>(single.path())), "gives 1 scores"));
}

TEST_CASE("a file that is not there is named") {
  CHECK(mentions(error_of(leat::trees<payment>("/nowhere/risk.json")), "/nowhere/risk.json"));
}
