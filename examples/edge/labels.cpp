#include "labels.hpp"

#include <leat/scalar_text.hpp>

#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace edge {
namespace {

leat::event_time time_of(const nlohmann::json& text) {
  leat::event_time time;
  if (leat::parse_scalar(text.get<std::string>(), time) != leat::parse_error::none)
    throw std::invalid_argument(text.dump() + " is not a time");
  return time;
}

labels labels_of(const nlohmann::json& all) {
  labels found;
  for (const auto& [stream, windows] : all.items())
    for (auto& known = found[stream]; const auto& window : windows)
      known.push_back({time_of(window.at(0)), time_of(window.at(1))});
  return found;
}

} // namespace

leat::result<labels> read_labels(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    return leat::user_error(fmt::format("cannot open \"{}\"", path),
                            "the folder of a benchmark has labels/combined_windows.json");
  try {
    return labels_of(nlohmann::json::parse(file));
  } catch (const std::exception& e) {
    return leat::user_error(fmt::format("\"{}\": {}", path, e.what()));
  }
}

} // namespace edge
