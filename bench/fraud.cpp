#include "fraud.hpp"

#include "figures.hpp"
#include "pipelines.hpp"

#include "generate.hpp"
#include "graph.hpp"

#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/json_lines/sink.hpp>
#include <leat/run.hpp>
#include <leat/scoring/trees.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace bench {

namespace {

void expect(const leat::result<void>& done) {
  if (!done)
    throw leat::failure(done.error());
}

/// From payments in a file, or in what stands for one, to alerts.
leat::graph scoring(const std::string& payments, const std::string& model,
                    const std::string& alerts) {
  return fraud::scoring_graph(leat::csv_source<fraud::payment>(payments), leat::record_at_a_time{},
                              leat::trees<fraud::features>(model), {0.5f, {}, {}},
                              leat::json_lines_sink<fraud::alert>(alerts),
                              std::make_shared<fraud::verdicts>());
}

} // namespace

fraud_job::fraud_job(std::int64_t payments) {
  fraud::generate_options o;
  o.path = folder_.file("payments.csv");
  o.payments = payments;
  expect(fraud::generate(o));
  const auto rows = std::make_shared<fraud::trainer>();
  run_job(fraud::training_graph(leat::csv_source<fraud::payment>(o.path), rows), {.workers = 0});
  if (const auto trained = rows->finish(folder_.file("model.json")); !trained)
    throw leat::failure(trained.error());
}

fraud_job::figures fraud_job::run(double rate) const {
  const double before = cpu_seconds();
  const leat::job_metrics m =
      run_job(scoring(folder_.file("payments.csv"), folder_.file("model.json"),
                      folder_.file("alerts.jsonl")),
              {.workers = 0, .rate = rate});
  const double cpu = cpu_seconds() - before;
  return {static_cast<double>(m.latency_p50) * 1e-3, static_cast<double>(m.latency_p99) * 1e-3,
          cpu * 1e6 / static_cast<double>(m.records())};
}

double fraud_job::idle(std::chrono::seconds duration) const {
  const std::string fifo = folder_.file("fifo"), alerts = folder_.file("none.jsonl");
  ::mkfifo(fifo.c_str(), 0600);
  const int writer = ::open(fifo.c_str(), O_RDWR | O_CLOEXEC);
  std::thread job([&] {
    std::string name = "fraud", command = "run", quiet = "--quiet", log = "--log-level=error";
    char* arguments[] = {name.data(), command.data(), quiet.data(), log.data(), nullptr};
    leat::run(scoring(fifo, folder_.file("model.json"), alerts), 4, arguments);
  });
  std::this_thread::sleep_for(std::chrono::seconds{1}); // until it has started
  const double before = cpu_seconds();
  std::this_thread::sleep_for(duration);
  const double used = cpu_seconds() - before;
  ::close(writer); // the end of the input
  job.join();
  return used / static_cast<double>(duration.count());
}

double cost_of_a_wake(std::chrono::microseconds interval) {
  constexpr int wakes = 5000;
  double used = 0;
  std::thread([&] {
    ::prctl(PR_SET_TIMERSLACK, 1);
    const double before = cpu_seconds(RUSAGE_THREAD);
    for (int i = 0; i < wakes; ++i)
      std::this_thread::sleep_for(interval);
    used = cpu_seconds(RUSAGE_THREAD) - before;
  }).join();
  return used * 1e6 / wakes;
}

} // namespace bench
