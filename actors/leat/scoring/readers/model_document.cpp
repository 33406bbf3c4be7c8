#include <leat/scoring/readers/model_document.hpp>

#include <leat/error.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace leat {

namespace {

using nlohmann::json;

[[noreturn]] void refuse(std::string what, std::string hint = {}) {
  throw failure(user_error(std::move(what), std::move(hint)));
}

double as_number(const json& value, const std::string& where) {
  if (!value.is_number())
    refuse(fmt::format("{} is not a number", where));
  return value.get<double>();
}

} // namespace

struct model_document::content { // NOLINT(bugprone-exception-escape): the library's destructor
  json document;

  const json& at(const std::string& member) const {
    const auto found = document.find(member);
    if (found == document.end())
      refuse(fmt::format("it has no \"{}\"", member));
    return *found;
  }
};

model_document::model_document(std::string_view bytes,
                               std::initializer_list<std::string_view> known) {
  auto read = std::make_shared<content>();
  try {
    read->document = json::parse(bytes);
  } catch (const json::exception& e) { // "[json.exception.parse_error.101] parse error at ..."
    const std::string_view text = e.what();
    refuse(fmt::format("it is not JSON: {:.200}", text.substr(text.find(' ') + 1)));
  }
  if (!read->document.is_object())
    refuse("it is not a JSON object");
  for (const auto& member : read->document.items())
    if (std::ranges::find(known, member.key()) == known.end())
      refuse(fmt::format("it has an unknown member \"{:.50}\"", member.key()),
             fmt::format("members: {}", fmt::join(known, ", ")));
  content_ = std::move(read);
}

std::string model_document::text(const std::string& member) const {
  const json& value = content_->at(member);
  if (!value.is_string())
    refuse(fmt::format("\"{}\" is not a text", member));
  return value.get<std::string>();
}

double model_document::number(const std::string& member) const {
  return as_number(content_->at(member), fmt::format("\"{}\"", member));
}

std::vector<std::string> model_document::names(const std::string& member) const {
  const json& list = content_->at(member);
  if (!list.is_array() || list.empty())
    refuse(fmt::format("\"{}\" is not a list of names", member));
  std::vector<std::string> all;
  for (const json& name : list) {
    if (!name.is_string())
      refuse(fmt::format("{}[{}] is not a name", member, all.size()));
    all.push_back(name.get<std::string>());
  }
  return all;
}

std::vector<double> model_document::numbers(const std::string& member, std::size_t features) const {
  const json& list = content_->at(member);
  if (!list.is_array())
    refuse(fmt::format("\"{}\" is not a list of numbers", member));
  if (list.size() != features)
    refuse(fmt::format("\"{}\" has {} numbers for {} features", member, list.size(), features));
  std::vector<double> all;
  for (const json& value : list)
    all.push_back(as_number(value, fmt::format("{}[{}]", member, all.size())));
  return all;
}

std::vector<double> model_document::numbers_or(double otherwise, const std::string& member,
                                               std::size_t features) const {
  return content_->document.contains(member) ? numbers(member, features)
                                             : std::vector<double>(features, otherwise);
}

} // namespace leat
