#include <leat/internal/cluster/dead_letter_post.hpp>

#include <leat/detail/transport/frame_codec.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

std::size_t size_of(const dead_letter& l) {
  return sizeof l + l.reason.size() + l.stage.size() + l.place.size() + l.raw.size() + l.id.size();
}

} // namespace

void dead_letter_post::begin(caf::actor_system& system, const caf::actor& desk) {
  const std::lock_guard lock(mutex_);
  desk_ = desk;
  answers_ = std::make_unique<mail_slot>(mail_slot::of<letter_answer_message>(
      system, [this](const letter_answer_message& m, const caf::strong_actor_ptr& from) {
        answered(m, from);
      }));
}

// The slot goes without the lock: it waits for an answer that is being taken.
void dead_letter_post::end() {
  abandon();
  std::unique_ptr<mail_slot> answers;
  const std::lock_guard lock(mutex_);
  desk_ = nullptr;
  answers = std::move(answers_);
}

// Sent under the lock: answers come in the order of the letters.
void dead_letter_post::put(dead_letter letter) {
  const std::size_t size = size_of(letter);
  if (size > most_frame_bytes)
    throw failure(external_error(
        fmt::format("a dead letter of {} bytes is too large to be sent to the coordinator", size)));
  std::unique_lock lock(mutex_);
  wait_until(lock,
             [&] { return unanswered_.empty() || unanswered_bytes_ + size <= most_unanswered; });
  if (!desk_)
    throw failure(internal_error("a dead letter came before its job, or after"));
  unanswered_.push_back(size);
  unanswered_bytes_ += size;
  caf::send_as(answers_->address(), desk_, letter_message{std::move(letter)});
}

void dead_letter_post::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t sent = kept_ + unanswered_.size();
  wait_until(lock, [&] { return kept_ >= sent; });
}

std::uint64_t dead_letter_post::count() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

void dead_letter_post::abandon() {
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  changed_.notify_all();
}

template <class Condition>
void dead_letter_post::wait_until(std::unique_lock<std::mutex>& lock, Condition enough) {
  changed_.wait(lock, [&] { return enough() || fault_ || abandoned_; });
  if (fault_)
    throw failure(*fault_);
  if (!enough())
    throw failure(user_error("dead letters wait for the coordinator, and the job ends"));
}

void dead_letter_post::answered(const letter_answer_message& m, const caf::strong_actor_ptr& from) {
  const std::lock_guard lock(mutex_);
  if (unanswered_.empty() || from != caf::actor_cast<caf::strong_actor_ptr>(desk_))
    return;
  unanswered_bytes_ -= unanswered_.front();
  unanswered_.pop_front();
  if (m.kept)
    ++kept_;
  else if (!fault_)
    fault_ = m.why;
  changed_.notify_all();
}

} // namespace leat
