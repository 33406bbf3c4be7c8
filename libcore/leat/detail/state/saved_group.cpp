#include <leat/detail/state/saved_group.hpp>

#include <leat/detail/record/plain_bytes.hpp>

#include <algorithm>

namespace leat::detail {
namespace {

constexpr std::uint8_t format_version = 1;

error corrupt() { return external_error("the saved state of a key group is corrupt"); }

} // namespace

void append_group_head(std::string& to, const saved_group_head& head) {
  put_plain(to, format_version);
  append_binary(to, head);
}

result<saved_group_head> read_group_head(byte_cursor& from) {
  std::uint8_t version = 0;
  saved_group_head head;
  if (!get_plain(from, version))
    return external_error("the saved state is corrupt: it is empty");
  if (version != format_version)
    return user_error("the saved state has format " + std::to_string(version) +
                          ", this program reads format " + std::to_string(format_version),
                      "use a program of the version that saved it");
  if (!read_binary(from, head) || head.groups != max_parallelism || head.group >= head.groups)
    return external_error("the saved state is corrupt: its head is invalid");
  return head;
}

result<saved_group_head> walk_group(std::string_view bytes,
                                    const std::vector<saved_state_text>& types,
                                    const visit_saved_key& visit) {
  byte_cursor from(bytes);
  auto head = read_group_head(from);
  if (!head)
    return head;
  const auto key_type = parse_type(head->key_type);
  std::vector<saved_state_type> states;
  for (const saved_state& s : head->states) {
    const auto of = std::find_if(types.begin(), types.end(),
                                 [&](const saved_state_text& t) { return t.name == s.name; });
    auto type = of == types.end() ? std::nullopt : parse_state_type(of->type);
    if (!type)
      return corrupt();
    states.push_back(std::move(*type));
  }
  std::size_t keys = 0;
  if (!key_type || !from.take_length(keys))
    return corrupt();
  std::vector<std::optional<std::string_view>> cells(states.size());
  for (std::string_view key; keys > 0; --keys) {
    if (from.left() == 0 || !take_key(from, *key_type, key))
      return corrupt();
    for (std::size_t i = 0; i < states.size(); ++i) {
      bool present = false;
      if (!read_binary(from, present) ||
          (present && !take_cell(from, states[i], cells[i].emplace())))
        return corrupt();
      if (!present)
        cells[i].reset();
    }
    visit(key, cells);
  }
  if (from.left() > 0)
    return corrupt();
  return head;
}

} // namespace leat::detail
