#include <leat/internal/cli/config_file.hpp>

#include <leat/connectors/files/input_file.hpp>

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <system_error>
#include <toml++/toml.h>
#include <tuple>

namespace leat {

namespace {

struct found_value {
  config_value value;
  toml::source_position at;
};

class config_reader {
public:
  explicit config_reader(const std::string& path) : path_(path) {}

  void read(const toml::table& all) {
    for (const auto& [key, node] : all)
      if (key.str() == "stage" && node.is_table())
        read_stages(*node.as_table());
      else
        add(key, node, {});
  }

  /// As they stand in the file: tables are sorted by name.
  std::vector<config_value> values() {
    std::ranges::sort(found_, {},
                      [](const found_value& f) { return std::tuple(f.at.line, f.at.column); });
    std::vector<config_value> all;
    for (found_value& f : found_)
      all.push_back(std::move(f.value));
    return all;
  }

private:
  void read_stages(const toml::table& stages) {
    for (const auto& [stage, node] : stages) {
      if (stage.empty()) // it would be read as an option of the whole job
        throw failure(wrong(stage.source().begin, "a stage without a name",
                            "[stage.NAME] holds the options of the stage NAME"));
      if (!node.is_table())
        throw failure(wrong(stage.source().begin,
                            fmt::format("stage.{} must be a table", stage.str()),
                            "[stage.NAME] holds the options of the stage NAME"));
      for (const auto& [key, value] : *node.as_table())
        add(key, value, std::string(stage.str()));
    }
  }

  void add(const toml::key& key, const toml::node& node, std::string stage) {
    const auto at = key.source().begin;
    config_value v{std::string(key.str()), std::move(stage), {}, node.is_boolean(), place(at)};
    if (const auto* list = node.as_array())
      for (const toml::node& each : *list)
        v.values.push_back(text_of(key, each));
    else
      v.values.push_back(text_of(key, node));
    found_.push_back({std::move(v), at});
  }

  std::string text_of(const toml::key& key, const toml::node& node) const {
    if (const auto* text = node.as_string())
      return text->get();
    if (const auto* whole = node.as_integer())
      return fmt::format("{}", whole->get());
    if (const auto* number = node.as_floating_point())
      return fmt::format("{}", number->get());
    if (const auto* flag = node.as_boolean())
      return flag->get() ? "true" : "false";
    throw failure(wrong(node.source().begin,
                        fmt::format("{} must be a text, a number, true or false", key.str()),
                        "the only tables are [stage.NAME], with the options of the stage NAME"));
  }

  std::string place(toml::source_position at) const {
    return fmt::format("{}:{}:{}", path_, at.line, at.column);
  }
  error wrong(toml::source_position at, const std::string& what, std::string hint) const {
    return user_error(place(at) + ": " + what, std::move(hint));
  }

  const std::string& path_;
  std::vector<found_value> found_;
};

constexpr std::size_t most_bytes = std::size_t{1} << 20;

// Bounded: a device may never end.
result<std::string> content_of(const std::string& path) {
  auto file = input_file::open(path);
  if (!file)
    return file.error();
  std::string text(most_bytes + 1, '\0');
  for (std::size_t size = 0; size <= most_bytes;) {
    const ssize_t got = file->read(text.data() + size, text.size() - size);
    if (got < 0)
      return external_error(
          fmt::format("cannot read \"{}\": {}", path, std::generic_category().message(errno)));
    if (got == 0)
      return text.substr(0, size);
    size += static_cast<std::size_t>(got);
  }
  return user_error(fmt::format("\"{}\" exceeds the maximum of {} bytes", path, most_bytes),
                    "is it a configuration file?");
}

} // namespace

result<std::vector<config_value>> read_config(const std::string& path) {
  const auto text = content_of(path);
  if (!text)
    return text.error();
  try {
    config_reader reader(path);
    reader.read(toml::parse(*text, path));
    return reader.values();
  } catch (const toml::parse_error& e) {
    const auto at = e.source().begin;
    return user_error(fmt::format("{}:{}:{}: {}", path, at.line, at.column, e.description()),
                      "the file must be TOML: NAME = \"text\", NAME = 5, [stage.NAME]");
  } catch (const failure& f) {
    return f.error();
  }
}

} // namespace leat
