#include "nexmark_process.hpp"

#include "process.hpp"
#include "temporary_folder.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

namespace bench {

nexmark_figures run_nexmark(const std::string& query, std::uint64_t events) {
  const temporary_folder folder;
  const std::string file = folder.file("figures.json");
  process({"nexmark", "--query", query, "--events", std::to_string(events), "--json", file}).wait();
  const auto figures = nlohmann::json::parse(std::ifstream(file));
  const double per_event = 1e9 / static_cast<double>(events);
  return {figures.at("cpu_seconds").get<double>() * per_event,
          figures.at("generator_cpu_seconds").get<double>() * per_event};
}

} // namespace bench
