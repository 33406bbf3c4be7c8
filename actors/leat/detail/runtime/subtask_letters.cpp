#include <leat/detail/runtime/subtask_letters.hpp>

#include <leat/detail/record/codec.hpp>

#include <fmt/format.h>

#include <limits>

namespace leat {

namespace {

template <class T>
T expect(result<T> r) {
  if (!r)
    throw failure(r.error());
  return std::move(*r);
}

void expect(const result<void>& done) {
  if (!done)
    throw failure(done.error());
}

error too_many(std::uint64_t limit) {
  return user_error(fmt::format("the limit of {} dead letters is exceeded", limit),
                    see_dead_letters);
}

// Its name and its node are given where it is put.
void append_letter(std::string& to, const dead_letter& l) {
  for (const std::string* text : {&l.reason, &l.stage, &l.place, &l.raw})
    append_binary(to, *text);
}

dead_letter read_letter(std::string_view piece) {
  dead_letter l;
  byte_cursor from(piece);
  for (std::string* text : {&l.reason, &l.stage, &l.place, &l.raw})
    if (!read_binary(from, *text))
      throw failure(external_error("a dead letter of a checkpoint is corrupt"));
  return l;
}

} // namespace

subtask_letters::subtask_letters(dead_letter_sink& to, std::shared_ptr<letter_tally> tally,
                                 std::shared_ptr<stage_counters> counters)
    : to_(to), tally_(std::move(tally)), counters_(std::move(counters)) {}

void subtask_letters::open(const stage_services& services) {
  if (!folder_)
    return;
  kept_ = expect(spool::open({services.stage, services.subtask, services.subtasks, nullptr, true,
                              services.after, *folder_}));
  name_ = unique_name();
}

void subtask_letters::put(dead_letter letter) {
  std::string text = letter.place.empty() ? letter.reason : letter.place + ": " + letter.reason;
  const bool waits = kept_ && !at_once_ && committing_.empty();
  if (waits) {
    keep(letter);
  } else {
    if (!committing_.empty())
      letter.id = fmt::format("{}c{}", committing_, put_in_commit_++);
    to_.put(std::move(letter));
  }
  stage_counters::add(counters_->dead_letters, 1);
  if (++tally_->count <= tally_->limit.value_or(std::numeric_limits<std::uint64_t>::max()))
    return;
  error many = too_many(*tally_->limit);
  if (waits) // it is not kept if its epoch fails
    many.what += ", the last one: " + text;
  throw failure(std::move(many));
}

void subtask_letters::keep(const dead_letter& letter) {
  std::string piece;
  append_letter(piece, letter);
  expect(kept_->add(piece));
}

std::string subtask_letters::prepare(epoch n) {
  std::string prepared;
  if (const auto sealed = kept_ ? expect(kept_->seal(n)) : std::nullopt)
    append_binary(prepared, *sealed);
  return prepared;
}

std::string subtask_letters::prefix(epoch n) const { return fmt::format("{}-{}-", name_, n); }

void subtask_letters::begin_commit(std::string prefix) {
  committing_ = std::move(prefix);
  put_in_commit_ = 0;
}

void subtask_letters::commit(std::string_view prepared) {
  const std::string prefix = std::exchange(committing_, {});
  if (prepared.empty() && put_in_commit_ == 0)
    return;
  spooled letters;
  byte_cursor from(prepared);
  if (!prepared.empty() && !read_binary(from, letters))
    throw failure(external_error("the dead letters of a checkpoint are corrupt"));
  if (!kept_->is_done(letters)) {
    std::uint64_t n = 0;
    expect(kept_->read(letters, [&](std::string_view piece) {
      dead_letter l = read_letter(piece);
      l.id = fmt::format("{}{}", prefix, n++);
      to_.put(std::move(l));
    }));
  }
  to_.flush();
  expect(kept_->done(letters));
}

void subtask_letters::go_on() {
  tally_->count += counters_->dead_letters;
  if (kept_)
    expect(kept_->discard());
}

} // namespace leat
