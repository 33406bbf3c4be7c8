#include "train.hpp"

#include "history.hpp"

#include <leat/connectors/files/output_file.hpp>
#include <leat/features.hpp>

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <algorithm>
#include <memory>
#include <span>

namespace fraud {
namespace {

constexpr std::size_t width = leat::feature_count<features>;
constexpr double wanted_precision = 0.75;
constexpr int trees = 100;
constexpr std::pair<const char*, const char*> parameters[] = {{"objective", "binary:logistic"},
                                                              {"tree_method", "hist"},
                                                              {"max_bin", "256"},
                                                              {"max_depth", "6"},
                                                              {"eta", "0.1"},
                                                              {"base_score", "0.5"},
                                                              {"nthread", "2"},
                                                              {"seed", "1"},
                                                              {"verbosity", "0"}};

using days = std::span<const day_of_rows* const>;
using matrix = std::unique_ptr<void, decltype([](void* m) { XGDMatrixFree(m); })>;
using booster = std::unique_ptr<void, decltype([](void* b) { XGBoosterFree(b); })>;

void check(int status) {
  if (status != 0)
    throw leat::failure(leat::internal_error(fmt::format("XGBoost: {}", XGBGetLastError())));
}

/// Tells XGBoost where the rows lie in memory.
std::string array_interface(const day_of_rows& day) {
  return fmt::format(R"({{"data":[{},true],"shape":[{},{}],"typestr":"<f4","version":3}})",
                     reinterpret_cast<std::uintptr_t>(day.inputs.data()), day.frauds.size(), width);
}

/// Shows XGBoost one day after the other, so that it needs no copy of all rows.
struct day_iterator {
  days all;
  matrix shown;
  std::size_t next = 0;

  static void start_again(void* self) { static_cast<day_iterator*>(self)->next = 0; }

  /// 1 if there was another day, 0 at the end, -1 on errors.
  static int show_next(void* self) {
    auto& i = *static_cast<day_iterator*>(self);
    if (i.next == i.all.size())
      return 0;
    const day_of_rows& day = *i.all[i.next++];
    const bool fine =
        XGProxyDMatrixSetDataDense(i.shown.get(), array_interface(day).c_str()) == 0 &&
        XGDMatrixSetFloatInfo(i.shown.get(), "label", day.frauds.data(), day.frauds.size()) == 0;
    return fine ? 1 : -1;
  }
};

/// All rows with their values put into bins, which is how training looks at them.
matrix binned(days all) {
  void* handle = nullptr;
  check(XGProxyDMatrixCreate(&handle));
  day_iterator iterator{all, matrix{handle}};
  check(XGQuantileDMatrixCreateFromCallback(
      &iterator, iterator.shown.get(), nullptr, day_iterator::start_again, day_iterator::show_next,
      R"({"missing":NaN,"nthread":2,"max_bin":256})", &handle));
  return matrix{handle};
}

booster train_on(days all) {
  const matrix rows = binned(all);
  void* handle = rows.get();
  check(XGBoosterCreate(&handle, 1, &handle));
  booster model{handle};
  for (const auto& [name, value] : parameters)
    check(XGBoosterSetParam(model.get(), name, value));
  for (int tree = 0; tree < trees; ++tree)
    check(XGBoosterUpdateOneIter(model.get(), tree, rows.get()));
  return model;
}

std::vector<judged> judge(const booster& model, const day_of_rows& day) {
  constexpr auto how = R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,)"
                       R"("strict_shape":false,"cache_id":0,"missing":NaN})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* scores = nullptr;
  check(XGBoosterPredictFromDense(model.get(), array_interface(day).c_str(), how, nullptr, &shape,
                                  &dimensions, &scores));
  std::vector<judged> rows(day.frauds.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    rows[i] = {scores[i], day.frauds[i] == 1.0f};
  return rows;
}

verdicts count(const std::vector<judged>& rows, float threshold) {
  verdicts counts;
  for (const judged& row : rows)
    counts.add(row.fraud, row.score >= threshold);
  return counts;
}

void describe(const booster& model, const training_report& report) {
  std::vector<const char*> names;
  for (const std::string_view name : leat::feature_names<features>())
    names.push_back(name.data()); // of literals, so they end with a null
  check(XGBoosterSetStrFeatureInfo(model.get(), "feature_name", names.data(), names.size()));
  const auto set = [&](const char* name, auto value) {
    check(XGBoosterSetAttr(model.get(), name, fmt::format("{}", value).c_str()));
  };
  set("threshold", report.threshold);
  set("test_from", report.test_from.time_since_epoch().count());
  set("test_to", report.test_to.time_since_epoch().count());
}

leat::result<void> save(const booster& model, const std::string& path) {
  bst_ulong size = 0;
  const char* json = nullptr;
  check(XGBoosterSaveModelToBuffer(model.get(), R"({"format":"json"})", &size, &json));
  auto file = leat::output_file::create(path);
  if (!file)
    return file.error();
  auto written = file->append({json, size});
  return written ? file->complete() : written;
}

} // namespace

void trainer::add(const features& row) {
  auto& day = days_[seconds(row.time) / seconds_a_day];
  day.inputs.resize(day.inputs.size() + width);
  leat::copy_features(row, &*day.inputs.end() - width);
  day.frauds.push_back(row.fraud ? 1.0f : 0.0f);
}

leat::result<training_report> trainer::finish(const std::string& model_path) const try {
  if (days_.size() < 3)
    return leat::user_error(
        fmt::format("training needs payments of at least three days, not of {}", days_.size()),
        "give it more days: one is kept for the threshold and one for the test");
  const auto test_day = std::prev(days_.end());
  const auto threshold_day = std::prev(test_day);

  training_report report;
  std::vector<const day_of_rows*> training_days;
  for (auto day = days_.begin(); day != threshold_day; ++day) {
    training_days.push_back(&day->second);
    report.payments += static_cast<std::int64_t>(day->second.frauds.size());
    report.frauds += std::ranges::count(day->second.frauds, 1.0f);
  }
  if (report.frauds == 0 || std::ranges::count(threshold_day->second.frauds, 1.0f) == 0)
    return leat::user_error("training needs frauds among the payments, both on the last day but "
                            "one and before it",
                            "give it more payments");

  const booster model = train_on(training_days);
  const auto chosen_on = judge(model, threshold_day->second);
  const auto test = judge(model, test_day->second);
  report.threshold = threshold_for(wanted_precision, chosen_on);
  report.chosen_on = count(chosen_on, report.threshold);
  report.test = count(test, report.threshold);
  report.auc = area_under_curve(test);
  report.test_from = leat::event_time{std::chrono::days{test_day->first}};
  report.test_to = report.test_from + std::chrono::days{1};

  describe(model, report);
  if (auto saved = save(model, model_path); !saved)
    return saved.error();
  return report;
} catch (const leat::failure& f) {
  return f.error();
}

} // namespace fraud
