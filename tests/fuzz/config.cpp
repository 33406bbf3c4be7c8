// Configuration files: any bytes are values or an error with its place, and values that were read
// are written as TOML and read again.
#include "fuzz/fuzz.hpp"

#include <leat/internal/cli/config_file.hpp>

#include <algorithm>
#include <cstdio>
#include <tuple>

namespace {

using values = std::vector<leat::config_value>;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '"' || c == '\\') {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  return out + '"';
}

/// Keys of stages behind the others, as tables want it.
std::string written(const values& all) {
  std::string top, stages;
  for (const leat::config_value& v : all) {
    std::string list;
    for (const std::string& each : v.values)
      list += (list.empty() ? "" : ", ") + quoted(each);
    const std::string line =
        quoted(v.key) + " = " + (v.is_bool ? v.values.at(0) : '[' + list + ']') + '\n';
    if (v.stage.empty())
      top += line;
    else
      stages += "stage." + quoted(v.stage) + '.' + line;
  }
  return top + stages;
}

auto content(const values& all) {
  std::vector<std::tuple<std::string, std::string, std::vector<std::string>, bool>> sorted;
  for (const leat::config_value& v : all)
    sorted.emplace_back(v.stage, v.key, v.values, v.is_bool);
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto read = leat::read_config(fuzz::file_of(text));
  if (!read) {
    fuzz::require(read.error().what.find("/proc/self/fd/") == 0, "an error names the file");
    return 0;
  }
  const auto again = leat::read_config(fuzz::file_of(written(*read)));
  if (!again)
    fuzz::require(false, "what was written can be read: " + again.error().what);
  fuzz::require(content(*again) == content(*read), "and is the same");
  return 0;
}
