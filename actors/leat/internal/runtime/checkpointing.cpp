#include <leat/internal/runtime/checkpointing.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace leat {

namespace {

// A term is the number of a slot in the log of the folder, and each complete checkpoint takes
// another one. So numbers are never used twice, if of those between two slots fewer are given up.
constexpr epoch most_given_up = 1000;

} // namespace

attempt_id attempt_of(const checkpoint_store& claimed) {
  return {claimed.term(), (claimed.term() - 1) * most_given_up};
}

slot_number first_slot_after(epoch n) { return n / most_given_up + 2; }

checkpointing::checkpointing(checkpoint_setup setup, std::size_t subtasks, clock_time now)
    : setup_(std::move(setup)), subtasks_(subtasks), due_(now + setup_.options.interval.count()) {}

clock_time checkpointing::next_look() const {
  return round_ ? round_->begun + setup_.options.timeout.count() : due_;
}

void checkpointing::begin(epoch n, std::vector<command> commands, bool last, clock_time now) {
  round_ = round{n, now, std::move(commands), {}, subtasks_};
  round_->states.resize(subtasks_);
  last_ = last;
}

bool checkpointing::saved(std::size_t subtask, epoch n, saved_subtask state) {
  if (!round_ || round_->of != n || round_->states[subtask])
    return false;
  round_->states[subtask] = std::move(state);
  return --round_->missing == 0;
}

manifest checkpointing::manifest_of(round& r, processing_time date) const {
  manifest m;
  m.plan = setup_.plan;
  m.epoch = r.of;
  m.finished = last_;
  m.time = date;
  for (auto& state : r.states)
    m.subtasks.push_back(std::move(*state));
  for (command& c : r.commands)
    m.commands.push_back({std::move(c.stage), std::move(c.verb), std::move(c.payload)});
  return m;
}

result<std::optional<epoch>> checkpointing::complete(clock_time now, processing_time date) {
  manifest m = manifest_of(*round_, date);
  checkpoint_metrics made;
  made.last = round_->of;
  for (const saved_subtask& s : m.subtasks)
    made.bytes += bytes_of(s);
  if (auto completed = setup_.store->complete(m); !completed) {
    if (auto tolerated = give_up(made.last, completed.error(), now); !tolerated)
      return tolerated.error();
    return std::optional<epoch>{};
  }
  completed_ = std::move(m);
  completed_.job = setup_.store->job();
  completed_.term = setup_.store->term();
  // What is too much in the folder does no harm, and goes with the next one.
  const auto tidied = setup_.store->remove_old();
  setup_.metrics->change([&](checkpoint_metrics& all) {
    ++all.completed;
    all.last = made.last;
    all.bytes = made.bytes;
    all.took = std::chrono::nanoseconds{now - round_->begun};
    all.most_bytes = std::max(all.most_bytes, all.bytes);
    all.longest = std::max(all.longest, all.took);
    if (!tidied)
      all.last_error = tidied.error().what;
  });
  const auto& o = setup_.options;
  due_ = std::max(round_->begun + o.interval.count(), now + o.pause.count());
  round_.reset();
  failures_ = 0;
  return std::optional{made.last};
}

void checkpointing::published() {
  if (completed_.finished)
    setup_.store->note_published(completed_);
}

result<void> checkpointing::give_up(epoch n, const error& why, clock_time now) {
  if (!round_ || round_->of != n)
    return {};
  round_.reset();
  due_ = now + std::max(setup_.options.interval, setup_.options.pause).count();
  ++failures_;
  setup_.metrics->change([&](checkpoint_metrics& all) {
    ++all.failed;
    all.last_error = why.what;
  });
  const bool too_many = failures_ > setup_.options.tolerated.value_or(most_given_up - 1);
  if (setup_.store->standing() == standing::holds && !too_many)
    return {};
  error fatal = why;
  if (setup_.store->standing() == standing::holds)
    fatal.what =
        fmt::format("{} checkpoints in a row have failed, the last one: {}", failures_, fatal.what);
  return fatal;
}

result<void> checkpointing::expire(clock_time now) {
  if (!round_ || now < next_look())
    return {};
  std::size_t first = 0;
  while (round_->states[first])
    ++first;
  using seconds = std::chrono::duration<double>;
  return give_up(round_->of,
                 external_error(fmt::format("checkpoint {} took more than {} s: {} of {} subtasks "
                                            "have not saved, subtask {} among them",
                                            round_->of, seconds{setup_.options.timeout}.count(),
                                            round_->missing, subtasks_, first),
                                "see --checkpoint-timeout, or find what is slow"),
                 now);
}

} // namespace leat
