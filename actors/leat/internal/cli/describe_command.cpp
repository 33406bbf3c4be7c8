#include <leat/internal/cli/describe_command.hpp>

#include <leat/detail/record/utf8.hpp>

#include <fmt/format.h>

namespace leat {

void describe_settings::declare(option_set& options) {
  options.add("--format FORMAT", format, "output format: text, mermaid, dot or json")
      .under("Output");
  declare_layout(options, "Layout");
  declare_config(options);
}

exit_code describe_command(const graph_maker& make, const describe_settings& settings,
                           const console& to) {
  using describer = std::string (plan::*)(std::size_t) const;
  static const std::map<std::string_view, describer> describers = {
      {"text", &plan::describe_text},
      {"mermaid", &plan::describe_mermaid},
      {"dot", &plan::describe_dot},
      {"json", &plan::describe_json}};
  const auto describe = describers.find(settings.format);
  if (describe == describers.end())
    return to.refuse(placed(user_error(fmt::format("--format: {} is not text, mermaid, dot or json",
                                                   shown(settings.format))),
                            settings.places));
  const auto parallelism = settings.subtasks();
  if (!parallelism)
    return to.refuse(placed(parallelism.error(), settings.places));
  const auto batchings = settings.batchings();
  if (!batchings)
    return to.refuse(placed(batchings.error(), settings.places));
  auto g = made(make);
  if (!g)
    return to.refuse(g.error());
  if (auto there = settings.check_stages(g->plan()); !there)
    return to.refuse(there.error());
  std::vector<error> faults = g->validate();
  const std::vector<error> more = g->plan().set_batching(*batchings);
  faults.insert(faults.end(), more.begin(), more.end());
  if (!faults.empty()) {
    for (const error& e : faults)
      to.tell(e);
    return exit_refused;
  }
  to.print((g->plan().*describe->second)(*parallelism));
  return exit_done;
}

} // namespace leat
