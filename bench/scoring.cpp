#include "scoring.hpp"

#include "temporary_folder.hpp"

#include <leat/scoring/xgboost.hpp>

#include "support/xgboost_oracle.hpp"

#include <chrono>
#include <cmath>
#include <random>
#include <vector>

namespace bench {

namespace test = leat::test;

namespace {

struct row {
  float a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
  static constexpr auto fields = leat::fields(
      "row", leat::feature("a", &row::a), leat::feature("b", &row::b), leat::feature("c", &row::c),
      leat::feature("d", &row::d), leat::feature("e", &row::e), leat::feature("f", &row::f),
      leat::feature("g", &row::g), leat::feature("h", &row::h), leat::feature("i", &row::i),
      leat::feature("j", &row::j), leat::feature("k", &row::k), leat::feature("l", &row::l),
      leat::feature("m", &row::m), leat::feature("n", &row::n), leat::feature("o", &row::o),
      leat::feature("p", &row::p));
};

constexpr std::size_t features = leat::feature_count<row>;
static_assert(sizeof(row) == features * sizeof(float)); // rows are the library's as they stand
constexpr std::size_t rows_trained = 20'000;
constexpr std::size_t rows_scored = 8192; // again and again; 512 KiB

std::vector<row> random_rows(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value;
  std::vector<row> rows(count);
  for (row& r : rows)
    leat::for_each_field<row>([&](const auto& field) { r.*field.member = value(random); });
  return rows;
}

std::span<const float> floats(std::span<const row> rows) {
  return {&rows.data()->a, rows.size() * features};
}

/// Whether a sum of waves is positive: every feature matters, so trees grow to their full depth.
std::vector<float> labels_of(std::span<const row> rows) {
  std::vector<float> labels;
  for (const row& r : rows) {
    float sum = 0, wave = 0;
    leat::for_each_field<row>(
        [&](const auto& field) { sum += std::sin(r.*field.member * ++wave); });
    labels.push_back(sum > 0 ? 1.0f : 0.0f);
  }
  return labels;
}

test::xgboost_oracle train() {
  const auto rows = random_rows(rows_trained, 1);
  return {floats(rows),
          labels_of(rows),
          {{"objective", "binary:logistic"}, {"max_depth", "6"}, {"tree_method", "hist"}},
          50};
}

/// Hands on ready-made rows, from the first again after the last.
struct row_source {
  using record_type = row;
  const std::vector<row>* rows;
  std::uint64_t end = 0;
  std::uint64_t next = 0;

  leat::pull_status pull(std::size_t demand, leat::emitter<row>& out) {
    const std::uint64_t count = std::min<std::uint64_t>(demand, end - next);
    out.fill(count, [this, n = next]() mutable { return (*rows)[n++ % rows_scored]; });
    next += count;
    return next < end ? leat::pull_status::more() : leat::pull_status::done();
  }
};

struct counting_sink {
  std::uint64_t* count;
  float* sum;
  void write(std::span<const leat::scored<row>> records) {
    *count += records.size();
    for (const auto& r : records)
      *sum += r.score;
  }
};

} // namespace

struct scoring_contest::impl {
  test::xgboost_oracle oracle = train();
  std::vector<row> rows = random_rows(rows_scored, 2);
  temporary_folder folder;
  std::string path = folder.file("model.ubj");

  leat::job_metrics run(const leat::any_batching& batching, std::uint64_t count,
                        std::size_t parallelism, const engine& e) const {
    std::uint64_t arrived = 0;
    float sum = 0;
    leat::graph g("scoring");
    auto source = g.from("source", row_source{&rows, count});
    auto scored =
        parallelism == 1
            ? std::move(source).window("pane", batching).score("model", leat::xgboost<row>(path))
            : std::move(source)
                  .rebalance("spread", parallelism)
                  .window("pane", batching)
                  .score("model", leat::xgboost<row>(path));
    std::move(scored).to("sink", counting_sink{&arrived, &sum});
    const auto metrics = run_job(std::move(g), e);
    if (arrived != count)
      throw leat::failure(
          leat::internal_error(fmt::format("{} records instead of {}", arrived, count)));
    return metrics;
  }
};

scoring_contest::scoring_contest() : impl_(std::make_unique<impl>()) {
  impl_->oracle.save(impl_->path);
}
scoring_contest::~scoring_contest() = default;

double scoring_contest::library(std::size_t pane, std::uint64_t count) const {
  std::vector<std::string> described;
  for (std::size_t first = 0; first < rows_scored; first += pane)
    described.push_back(test::xgboost_oracle::describe(
        floats(std::span(impl_->rows).subspan(first, pane)), features));
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t c = 0; c < count / pane; ++c)
    impl_->oracle.predict(described[c % described.size()]);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(count / pane * pane) / taken.count();
}

double scoring_contest::graph(const leat::any_batching& batching, std::uint64_t count,
                              std::size_t parallelism, const engine& e) const {
  return records_per_second(count, impl_->run(batching, count, parallelism, e));
}

latencies scoring_contest::latency(const leat::any_batching& batching, std::uint64_t count,
                                   double rate, engine e) const {
  e.rate = rate;
  const auto metrics = impl_->run(batching, count, 1, e);
  return {static_cast<double>(metrics.latency_p50) * 1e-3,
          static_cast<double>(metrics.latency_p99) * 1e-3};
}

} // namespace bench
