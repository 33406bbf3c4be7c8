#include <leat/detail/state/state_store.hpp>

#include <leat/detail/record/plain_bytes.hpp>

#include <limits>

namespace leat::detail {

namespace {

constexpr std::uint8_t format_version = 1;

/// How the values of a state are saved: as they are.
constexpr std::uint8_t plain_form = 0;

struct saved_state {
  std::string name;
  std::uint64_t fingerprint = 0;
  std::uint8_t form = plain_form;
  static constexpr auto fields =
      leat::fields("saved_state", leat::field("name", &saved_state::name),
                   leat::field("fingerprint", &saved_state::fingerprint),
                   leat::field("form", &saved_state::form));
};

/// Which keys and states follow.
struct saved_head {
  std::uint32_t groups = max_parallelism;
  std::uint32_t group = 0;
  std::string key_type;
  std::vector<saved_state> states; ///< in the order of their names, as what is saved of each key
  static constexpr auto fields = leat::fields(
      "saved_head", leat::field("groups", &saved_head::groups),
      leat::field("group", &saved_head::group), leat::field("key_type", &saved_head::key_type),
      leat::field("states", &saved_head::states));
};

error unknown_state(const std::string& name) {
  return user_error("the saved state \"" + name + "\" is not declared by the operator",
                    "declare it in open(), or start without the saved state");
}

error missing_state(const std::string& name) {
  return user_error("the state \"" + name + "\" is missing in the saved state",
                    "start without the saved state");
}

error unknown_form(const saved_state& state) {
  return user_error("the saved state \"" + state.name + "\" has form " +
                        std::to_string(state.form) + ", which this program does not know",
                    "use a program of the version that saved it");
}

error changed_state(const state_column& column) {
  return user_error("the state \"" + column.name() + "\" has type \"" + column.type() +
                        "\", which differs from the saved one",
                    "declare it as it was, or give the new one another name");
}

result<void> compare(const std::vector<saved_state>& saved,
                     const std::vector<std::unique_ptr<state_column>>& declared) {
  for (std::size_t i = 0; i < saved.size() || i < declared.size(); ++i) {
    if (i == declared.size() || (i < saved.size() && saved[i].name < declared[i]->name()))
      return unknown_state(saved[i].name);
    if (i == saved.size() || declared[i]->name() < saved[i].name)
      return missing_state(declared[i]->name());
    if (saved[i].fingerprint != declared[i]->fingerprint())
      return changed_state(*declared[i]);
    if (saved[i].form != plain_form)
      return unknown_form(saved[i]);
  }
  return {};
}

} // namespace

state_store::state_store(const state_store& other) : last_slot_(other.last_slot_) {
  for (const auto& column : other.columns_)
    columns_.push_back(column->share());
}

void state_store::add(std::unique_ptr<state_column> column) {
  const auto at = std::lower_bound(
      columns_.begin(), columns_.end(), column->name(),
      [](const auto& known, const std::string& name) { return known->name() < name; });
  if (at != columns_.end() && (*at)->name() == column->name())
    throw failure(
        user_error("two states are called \"" + column->name() + "\"", "give each its own name"));
  column->reach(last_slot_);
  columns_.insert(at, std::move(column));
}

bool state_store::has_state(state_slot slot) const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [&](const auto& column) { return column->has(slot); });
}

state_slot state_store::take_slot() {
  if (!free_.empty()) {
    const state_slot slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if (last_slot_ == std::numeric_limits<state_slot>::max())
    throw failure(user_error("a subtask has more keys than the maximum of 4294967295",
                             "raise the parallelism"));
  ++last_slot_;
  for (const auto& column : columns_)
    column->reach(last_slot_);
  return last_slot_;
}

void state_store::give_back(state_slot slot) {
  for (const auto& column : columns_)
    column->erase(slot);
  free_.push_back(slot);
}

std::size_t state_store::column_bytes() const {
  std::size_t bytes = free_.capacity() * sizeof(state_slot);
  for (const auto& column : columns_)
    bytes += column->bytes();
  return bytes;
}

void state_store::append_head(std::string& to, key_group group, std::string_view key_type) const {
  saved_head head;
  head.group = group;
  head.key_type = key_type;
  for (const auto& column : columns_)
    head.states.push_back({column->name(), column->fingerprint()});
  put_plain(to, format_version);
  append_binary(to, head);
}

result<key_group> state_store::read_head(byte_cursor& from, std::string_view key_type) const {
  std::uint8_t version = 0;
  saved_head head;
  if (!get_plain(from, version))
    return external_error("the saved state is corrupt: it is empty");
  if (version != format_version)
    return user_error("the saved state has format " + std::to_string(version) +
                          ", this program reads format " + std::to_string(format_version),
                      "use a program of the version that saved it");
  if (!read_binary(from, head) || head.groups != max_parallelism || head.group >= head.groups)
    return external_error("the saved state is corrupt: its head is invalid");
  if (head.key_type != key_type)
    return user_error("the state was saved by keys of type \"" + head.key_type +
                          "\", but the keys have type \"" + std::string(key_type) + "\"",
                      "key by the same type, or start without the saved state");
  if (auto same = compare(head.states, columns_); !same)
    return same.error();
  return key_group{head.group};
}

void state_store::save_slot(state_slot slot, std::string& to) const {
  for (const auto& column : columns_) {
    const bool present = column->has(slot);
    append_binary(to, present);
    if (present)
      column->save(slot, to);
  }
}

bool state_store::load_slot(state_slot slot, byte_cursor& from) {
  for (const auto& column : columns_) {
    bool present = false;
    if (!read_binary(from, present) || (present && !column->load(slot, from)))
      return false;
  }
  return has_state(slot);
}

} // namespace leat::detail
