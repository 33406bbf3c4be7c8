#include <leat/connectors/files/part_name.hpp>

#include <fmt/format.h>

#include <charconv>

namespace leat {
namespace {

constexpr std::string_view begin_of_part = "part-";

/// Takes a number in its only form off the text.
bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (failed != std::errc{} || (digits > 1 && text.front() == '0'))
    return false;
  text.remove_prefix(digits);
  return true;
}

bool take_dash(std::string_view& text) {
  if (!text.starts_with('-'))
    return false;
  text.remove_prefix(1);
  return true;
}

/// The path with the numbers of a part so wide, and in such an order, that bytes compare as parts
/// do.
std::string sort_key(const std::string& path) {
  const std::size_t name = path.rfind('/') + 1; // 0 if there is no folder
  const auto part = part_of(std::string_view{path}.substr(name));
  if (!part)
    return path;
  return fmt::format("{}{}{:020}-{:020}-{:020}", path.substr(0, name), begin_of_part, part->of,
                     part->subtask, part->number);
}

} // namespace

std::string file_name(const part_name& part, std::string_view extension) {
  const std::string number = part.number == 0 ? "" : fmt::format("-{}", part.number);
  return fmt::format("{}{}-{}{}{}", begin_of_part, part.subtask, part.of, number, extension);
}

std::optional<part_name> part_of(std::string_view file_name) {
  if (!file_name.starts_with(begin_of_part))
    return {};
  std::string_view rest = file_name.substr(begin_of_part.size());
  part_name part;
  if (!take_number(rest, part.subtask) || !take_dash(rest) || !take_number(rest, part.of))
    return {};
  if (take_dash(rest) && (!take_number(rest, part.number) || part.number == 0))
    return {};
  if (!rest.empty() && rest.front() != '.')
    return {};
  return part;
}

bool comes_before(const std::string& path, const std::string& other) {
  const std::string key = sort_key(path), other_key = sort_key(other);
  return key != other_key ? key < other_key : path < other;
}

} // namespace leat
