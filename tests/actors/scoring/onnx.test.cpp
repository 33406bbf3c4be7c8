#include <leat/scoring/onnx.hpp>

#include "tiny_models.hpp"

#include <leat/scoring/readers/sha256.hpp>

#include "support/catch.hpp"

using namespace leat::test;
using leat::onnx_session;

namespace {

struct reading {
  float a = 0, b = 0, c = 0;
  static constexpr auto fields =
      leat::fields("reading", leat::feature("a", &reading::a), leat::feature("b", &reading::b),
                   leat::feature("c", &reading::c));
};
struct narrow {
  float a = 0;
  static constexpr auto fields = leat::fields("narrow", leat::feature("a", &narrow::a));
};
using two = std::array<float, 2>;
static_assert(leat::model_provider_on<leat::onnx<reading>, reading>);
static_assert(leat::model_provider_on<leat::onnx<reading, two>, reading>);

bool near(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](float x, float y) { return x == Approx(y).epsilon(1e-5).margin(1e-6); });
}

leat::error error_of(const std::string& path) {
  const auto refused = leat::onnx<reading>(path).load();
  REQUIRE_FALSE(refused);
  CHECK(mentions(refused.error(), path));
  return refused.error();
}

} // namespace

TEST_CASE("models of scikit-learn score as they did there", "[onnx]") {
  for (const char* name :
       {"sklearn-logistic.onnx", "sklearn-forest.onnx", "sklearn-regression.onnx"}) {
    INFO(name);
    const auto model = sound(onnx_session::load(test_data(name)));
    const auto known = scored_rows(name, 3);
    REQUIRE(known.values.size() == 40 * 3);
    for (const std::size_t pane : {1, 7, 40})
      CHECK(near(scores_of(model, known.values, pane), known.scores));
  }
}

TEST_CASE("trees score alone as among others, also by several threads", "[onnx]") {
  for (const char* name : {"sklearn-forest.onnx", "sklearn-regression.onnx"}) {
    const auto model = sound(onnx_session::load(test_data(name)));
    check_shared_by_threads(model, scored_rows(name, 3).values);
  }
}

TEST_CASE("ONNX models score records by their feature fields", "[onnx]") {
  const auto path = test_data("sklearn-logistic.onnx");
  const auto model = leat::onnx<reading, two>(path).load();
  REQUIRE(model);
  const auto known = scored_rows("sklearn-logistic.onnx", 3);
  const reading row{known.values[0], known.values[1], known.values[2]};
  two score{};
  (*model)->predict({&row, 1}, {&score, 1});
  (*model)->predict({}, {}); // no rows are fine
  CHECK(near(score, std::span(known.scores).first(2)));
  CHECK((*model)->identity->id == "sklearn-logistic.onnx");
  CHECK((*model)->identity->sha256 == leat::sha256_hex(*leat::read_model_file(path)));
}

TEST_CASE("models that do not fit, and files that are none, are refused", "[onnx]") {
  CHECK(mentions(error_of(test_data("sklearn-logistic.onnx")), "gives 2 scores a record"));
  CHECK(mentions(error_of(test_data("sklearn-zipmap.onnx")), "0 of its 2 outputs"));
  CHECK(mentions(error_of("/nowhere/risk.onnx"), "no such file"));
  const auto other = leat::onnx<narrow>(test_data("sklearn-regression.onnx")).load();
  REQUIRE_FALSE(other);
  CHECK(mentions(other.error(), "reads 3 features, record 'narrow' has 1: a"));
  const auto bytes = *leat::read_model_file(test_data("sklearn-regression.onnx"));
  for (std::size_t part = 0; part < 20; ++part) {
    const scoped_file cut(".onnx", std::string_view(bytes).substr(0, bytes.size() * part / 20));
    CHECK(mentions(error_of(cut.path()), "ONNX Runtime refuses it"));
  }
  const auto model = sound(onnx_session::load(test_data("sklearn-regression.onnx")));
  std::vector<float> values(5), scores(2);
  CHECK_THROWS_AS(model.predict(values, scores), leat::failure);
}
