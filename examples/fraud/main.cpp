// fraud: scores card payments while they arrive. `fraud --help` lists the commands.
#include "generate.hpp"
#include "graph.hpp"

#include <leat/connectors/csv/source.hpp>
#include <leat/connectors/json_lines/sink.hpp>
#include <leat/run.hpp>
#include <leat/scoring/trees.hpp>

#include <charconv>
#include <fmt/format.h>

namespace {

using leat::result;

template <class T>
result<T> attribute(const leat::tree_ensemble& model, const std::string& path,
                    std::string_view name) {
  T value{};
  const std::string text = model.attribute(name).value_or("");
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || text.empty())
    return leat::user_error(fmt::format("model \"{}\" has no valid {}", path, name),
                            "train it with `fraud train`");
  return value;
}

result<fraud::policy> policy_of(const std::string& path) {
  const auto model = leat::tree_ensemble::load(path);
  if (!model)
    return model.error();
  const auto threshold = attribute<float>(*model, path, "threshold");
  if (!threshold)
    return threshold.error();
  const auto from = attribute<std::int64_t>(*model, path, "test_from");
  const auto to = attribute<std::int64_t>(*model, path, "test_to");
  if (!from || !to)
    return (from ? to : from).error();
  return fraud::policy{*threshold, leat::event_time{std::chrono::microseconds{*from}},
                       leat::event_time{std::chrono::microseconds{*to}}};
}

std::string as_text(const fraud::verdicts& v) {
  if (v.payments == 0)
    return "nothing of it was scored";
  return fmt::format("precision {:.4f}, recall {:.4f} ({} of {} alerts, {} frauds)", v.precision(),
                     v.recall(), v.hits, v.alerts, v.frauds);
}

result<void> train(const std::string& input, const std::string& model) {
  const auto rows = std::make_shared<fraud::trainer>();
  if (auto fed = leat::run(fraud::training_graph(leat::csv_source<fraud::payment>(input), rows));
      !fed)
    return fed.error();
  const auto report = rows->finish(model);
  if (!report)
    return report.error();
  fmt::print("trained on   {} payments, {} of them frauds\n", report->payments, report->frauds);
  fmt::print("threshold    {:.4f}, chosen on the last day but one\n", report->threshold);
  fmt::print("that day     {}\n", as_text(report->chosen_on));
  fmt::print("last day     {}\n", as_text(report->test));
  fmt::print("AUC          {:.4f}, on that last day\n", report->auc);
  fmt::print("model        {}\n", model);
  return {};
}

} // namespace

int main(int argc, char** argv) {
  leat::program program("fraud", "Scores card payments with a model while they arrive.");

  // [region options]
  std::string input, model, alerts = "alerts.jsonl";
  program.add("--input FILE", input, "payments as CSV, from `fraud generate`: a file or a glob")
      .required();
  program.add("--model FILE", model, "model from `fraud train`").required().sent_to_workers();
  program.add("--alerts FILE", alerts, "file for alerts, as JSON Lines");
  const auto judged = std::make_shared<fraud::verdicts>();
  program.graph([&] {
    const auto policy = policy_of(model);
    if (!policy)
      throw leat::failure(policy.error());
    return fraud::scoring_graph(leat::csv_source<fraud::payment>(input), leat::record_at_a_time{},
                                leat::trees<fraud::features>(model), *policy,
                                leat::json_lines_sink<fraud::alert>(alerts), judged);
  });
  program.after_run([&](const leat::job_metrics&) {
    return leat::text_rows{{"last day", as_text(*judged)}};
  });
  // [end]

  fraud::generate_options made;
  std::int64_t days = 0;
  auto& generate = program.command("generate", "write synthetic payments", [&]() -> result<void> {
    made.days = static_cast<int>(days);
    return fraud::generate(made);
  });
  generate.add("--payments N", made.payments, "number of payments");
  generate.add("--seed S", made.seed, "equal seeds give equal files");
  generate.add("--days D", days, "days that they span (default: by the number of payments)");
  generate.add("--out FILE", made.path, "file for payments, as CSV").required();

  // [region command]
  std::string history, trained;
  auto& training = program.command("train", "train a model, and test it on the last day",
                                   [&] { return train(history, trained); });
  training.add("--input FILE", history, "labelled payments, as CSV").required();
  training.add("--model FILE", trained, "file for the model, as JSON").required();
  // [end]

  return program.main(argc, argv);
}
