#include <leat/model.hpp>

#include "support/catch.hpp"
#include "support/flow.hpp"

using support::item;

namespace {

const auto by_record = [](const item& i) { return static_cast<double>(i.value) / 2; };
const auto by_pane = [](std::span<const item> rows, std::span<float> scores) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    scores[i] = static_cast<float>(rows[i].value);
};
const auto changing = [n = 0](const item&) mutable { return ++n; };
const auto mute = [](const item&) {};

static_assert(leat::scores_record<decltype(by_record), item>);
static_assert(!leat::scores_pane<decltype(by_record), item>);
static_assert(leat::scores_pane<decltype(by_pane), item>);
static_assert(!leat::scores_record<decltype(by_pane), item>);
static_assert(!leat::scores_record<decltype(changing), item>);
static_assert(!leat::scores_record<decltype(mute), item>);

} // namespace

TEST_CASE("a function of a record is a model, and says what a score is") {
  const leat::function_model<item, std::decay_t<decltype(by_record)>> model(by_record);
  static_assert(leat::model_on<decltype(model), item>);
  const std::vector<item> rows = {{0, 1, 7}, {0, 2, -9}, {0, 3, 0}};
  std::vector<double> scores(3, -1);
  model.predict(rows, scores);
  for (std::size_t i = 0; i < rows.size(); ++i)
    CHECK(scores[i] == static_cast<double>(rows[i].value) / 2);
}

TEST_CASE("a function of a pane is a model with float scores") {
  const leat::function_model<item, std::decay_t<decltype(by_pane)>> model(by_pane);
  static_assert(leat::model_on<decltype(model), item>);
  const std::vector<item> rows = {{0, 1, 7}, {0, 2, 9}};
  std::vector<float> scores(2);
  model.predict(rows, scores);
  CHECK(scores == std::vector<float>{7, 9});
}

TEST_CASE("equal identities give one handle, others differ by hash or by name") {
  const auto a = leat::model_ref::intern({"risk", "12"});
  CHECK(a == leat::model_ref::intern({"risk", "12"}));
  CHECK_FALSE(a == leat::model_ref::intern({"risk", "13"}));
  CHECK_FALSE(a == leat::model_ref::intern({"risk2", "12"}));
  CHECK(a->id == "risk");
  CHECK_FALSE(leat::model_ref{});
}
