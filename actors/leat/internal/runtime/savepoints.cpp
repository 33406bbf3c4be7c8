#include <leat/internal/runtime/savepoints.hpp>

#include <leat/internal/checkpoint/savepoint.hpp>

#include <algorithm>

namespace leat {

void savepoints::ask(std::string name, bool at_end, std::shared_ptr<command_outcome> outcome) {
  if (auto named = check_savepoint_name(name); !named)
    return outcome->set(named);
  const bool asked = std::any_of(requests_.begin(), requests_.end(),
                                 [&](const request& r) { return r.name == name; });
  if (asked || has_savepoint(store_.files(), store_.folder(), name))
    return outcome->set(
        user_error("there is a savepoint \"" + savepoint_folder(store_.folder(), name) + '"',
                   "choose another name, or remove that folder"));
  requests_.push_back({std::move(name), at_end, std::move(outcome)});
}

bool savepoints::need_round() const {
  return std::any_of(requests_.begin(), requests_.end(), [](const request& r) {
    return r.at == step::kept || (r.at == step::waiting && !r.at_end);
  });
}

void savepoints::begin(bool last) {
  for (request& r : requests_)
    if (r.at == step::waiting && (last || !r.at_end))
      r.at = step::in_round;
}

void savepoints::complete(const manifest& m) {
  for (request& r : requests_) {
    if (r.at != step::in_round)
      continue;
    r.at = step::kept;
    r.kept = m;
    if (auto kept = keep_states_of(store_.files(), store_.folder(), r.name, m); !kept)
      end(r, kept);
    else if (!has_committables(m))
      end(r, complete_savepoint(store_.files(), store_.folder(), r.name, m));
  }
  tidy();
}

void savepoints::give_up() {
  for (request& r : requests_)
    if (r.at == step::in_round)
      r.at = step::waiting;
}

void savepoints::published() {
  for (request& r : requests_)
    if (r.at == step::kept)
      end(r, complete_savepoint(store_.files(), store_.folder(), r.name, *r.kept));
  tidy();
}

void savepoints::refuse(const error& why) {
  for (request& r : requests_)
    end(r, why);
  tidy();
}

void savepoints::end(request& r, result<void> how) {
  if (!how && r.kept && !has_savepoint(store_.files(), store_.folder(), r.name))
    drop_savepoint(store_.files(), store_.folder(), r.name);
  r.outcome->set(std::move(how));
  r.outcome = nullptr;
}

void savepoints::tidy() {
  std::erase_if(requests_, [](const request& r) { return !r.outcome; });
}

} // namespace leat
