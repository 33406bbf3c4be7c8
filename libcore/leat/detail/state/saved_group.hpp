// What is saved of the keys and states of a key group, for stores that load it and for whoever
// looks at it without knowing its types.
//
// Little-endian: the format's version, a head, the number of keys; then each key in ascending
// order, and for each state, in the order of their names, one byte that is 1 if it is present, and
// then its value. The types of the states stand before the first group of a subtask.
#pragma once

#include <leat/detail/record/key.hpp>
#include <leat/detail/record/saved_type.hpp>
#include <leat/error.hpp>
#include <leat/record.hpp>

#include <functional>

namespace leat::detail {

/// How the values of a state are saved: as they are.
inline constexpr std::uint8_t plain_form = 0;

struct saved_state {
  std::string name;
  std::uint64_t fingerprint = 0;
  std::uint8_t form = plain_form;
  static constexpr auto fields =
      leat::fields("saved_state", leat::field("name", &saved_state::name),
                   leat::field("fingerprint", &saved_state::fingerprint),
                   leat::field("form", &saved_state::form));
  friend bool operator==(const saved_state&, const saved_state&) = default;
};

/// A state's type in text: "map i64 -> payment(id:i64)".
struct saved_state_text {
  std::string name;
  std::string type;
  static constexpr auto fields =
      leat::fields("saved_state_text", leat::field("name", &saved_state_text::name),
                   leat::field("type", &saved_state_text::type));
};

/// Which keys and states follow.
struct saved_group_head {
  std::uint32_t groups = 0;
  std::uint32_t group = 0;
  std::string key_type;
  std::vector<saved_state> states; ///< in the order of their names, as what is saved of each key
  static constexpr auto fields =
      leat::fields("saved_head", leat::field("groups", &saved_group_head::groups),
                   leat::field("group", &saved_group_head::group),
                   leat::field("key_type", &saved_group_head::key_type),
                   leat::field("states", &saved_group_head::states));
};

/// Stands in the place of a group where a backend keeps all of them in files, see
/// state_backend.hpp. The head of a group follows, for keys and states of all groups.
struct stored_states {
  /// In place of the number of a group.
  static constexpr std::uint64_t group_number = max_parallelism;

  std::string backend;
  std::uint64_t subtask = 0;
  std::uint64_t subtasks = 1;
  std::vector<std::string> files; ///< names
  static constexpr auto fields =
      leat::fields("stored_states", leat::field("backend", &stored_states::backend),
                   leat::field("subtask", &stored_states::subtask),
                   leat::field("subtasks", &stored_states::subtasks),
                   leat::field("files", &stored_states::files));
};

void append_group_head(std::string& to, const saved_group_head& head);
result<saved_group_head> read_group_head(byte_cursor& from);

/// A key and its states, as saved; by state of the head.
using visit_saved_key = std::function<void(
    std::string_view key, const std::vector<std::optional<std::string_view>>& states)>;

/// Calls a function with each key of a group that was saved with states of these types. Returns the
/// head.
result<saved_group_head> walk_group(std::string_view bytes,
                                    const std::vector<saved_state_text>& types,
                                    const visit_saved_key& visit);

} // namespace leat::detail
