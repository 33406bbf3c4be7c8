#include <leat/detail/state/state_store.hpp>

#include <algorithm>
#include <limits>

namespace leat::detail {

namespace {

error unknown_state(const std::string& name) {
  return user_error("the saved state \"" + name + "\" is not declared by the operator",
                    "declare it in open(), or start without the saved state");
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

error refused_state(const state_column& column, error why) {
  why.what = "the state \"" + column.name() + "\" differs from the saved one: " + why.what;
  return why;
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

std::size_t state_store::free_bytes() const {
  std::size_t bytes = 0;
  for (const auto& column : columns_)
    bytes += column->slot_bytes();
  return free_.size() * bytes;
}

std::vector<saved_state_text> state_store::types() const {
  std::vector<saved_state_text> all;
  for (const auto& column : columns_)
    all.push_back({column->name(), column->type()});
  return all;
}

void state_store::expect_types(std::vector<saved_state_text> types) {
  saved_types_ = std::move(types);
  loads_.clear();
  loaded_.clear();
}

void state_store::append_head(std::string& to, key_group group, std::string_view key_type) const {
  saved_group_head head{max_parallelism, group, std::string(key_type), {}};
  for (const auto& column : columns_)
    head.states.push_back({column->name(), column->fingerprint()});
  append_group_head(to, head);
}

result<key_group> state_store::read_head(byte_cursor& from, std::string_view key_type) {
  const auto head = read_group_head(from);
  if (!head)
    return head.error();
  if (head->key_type != key_type)
    return user_error("the state was saved by keys of type \"" + head->key_type +
                          "\", but the keys have type \"" + std::string(key_type) + "\"",
                      "key by the same type, or start without the saved state");
  if (auto matched = match(head->states); !matched)
    return matched.error();
  return key_group{head->group};
}

// The groups of a subtask have the same states, so it is done once. A state that was not saved is
// new: no key has it.
result<void> state_store::match(const std::vector<saved_state>& saved) {
  if (saved == loaded_ && !loads_.empty())
    return {};
  std::vector<column_load> loads;
  for (const saved_state& s : saved) {
    const auto column = std::find_if(columns_.begin(), columns_.end(),
                                     [&](const auto& c) { return c->name() == s.name; });
    if (column == columns_.end())
      return unknown_state(s.name);
    if (s.form != plain_form)
      return unknown_form(s);
    auto load = loading(**column, s);
    if (!load)
      return load.error();
    loads.push_back(std::move(*load));
  }
  loads_ = std::move(loads);
  loaded_ = saved;
  return {};
}

auto state_store::loading(state_column& column, const saved_state& saved) const
    -> result<column_load> {
  if (saved.fingerprint == column.fingerprint())
    return column_load{&column, {}};
  const auto text = std::find_if(saved_types_.begin(), saved_types_.end(),
                                 [&](const auto& t) { return t.name == saved.name; });
  if (text == saved_types_.end())
    return changed_state(column);
  auto converted = state_conversion::between(text->type, column.type(), column.history());
  if (!converted)
    return refused_state(column, converted.error());
  return column_load{&column, std::move(*converted)};
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
  for (const column_load& load : loads_) {
    bool present = false;
    if (!read_binary(from, present) || (present && !load_cell(load, slot, from)))
      return false;
  }
  return has_state(slot);
}

bool state_store::refill_slot(state_slot slot, byte_cursor& from) {
  for (const auto& column : columns_) {
    bool present = false;
    if (!read_binary(from, present) || (present && !column->load(slot, from)))
      return false;
  }
  return has_state(slot) && from.left() == 0;
}

bool state_store::reads_own_states() const {
  return loads_.size() == columns_.size() &&
         std::ranges::equal(loads_, columns_, [](const column_load& load, const auto& column) {
           return load.to == column.get() && !load.from;
         });
}

bool state_store::load_cell(const column_load& load, state_slot slot, byte_cursor& from) {
  if (!load.from)
    return load.to->load(slot, from);
  std::string bytes;
  if (!load.from->convert(from, bytes))
    return false;
  byte_cursor converted(bytes);
  return load.to->load(slot, converted) && converted.left() == 0;
}

} // namespace leat::detail
