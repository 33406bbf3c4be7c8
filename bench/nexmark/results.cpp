#include "results.hpp"

#include <algorithm>
#include <map>

namespace nexmark {

std::vector<std::string> final_results(const std::vector<result_line>& lines) {
  std::vector<std::string> all;
  std::map<std::string, std::string> updates;
  for (const result_line& line : lines)
    if (line.key.empty())
      all.push_back(line.text);
    else
      updates[line.key] = line.text;
  for (const auto& [key, text] : updates)
    all.push_back(text);
  std::sort(all.begin(), all.end());
  return all;
}

} // namespace nexmark
