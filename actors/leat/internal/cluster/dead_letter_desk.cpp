#include <leat/internal/cluster/dead_letter_desk.hpp>

namespace leat {

namespace {

std::map<caf::node_id, std::string> names_of(const std::vector<worker_agent>& workers) {
  std::map<caf::node_id, std::string> names;
  for (const worker_agent& w : workers)
    names.emplace(w.actor.node(), w.name);
  return names;
}

} // namespace

dead_letter_desk::dead_letter_desk(caf::actor_system& system, dead_letter_sink& to,
                                   const std::vector<worker_agent>& workers)
    : to_(to), names_(names_of(workers)),
      slot_(mail_slot::of<letter_message>(
          system,
          [this](const letter_message& m, const caf::strong_actor_ptr& from) { take(m, from); })),
      keeping_([this] { keep_all(); }) {}

dead_letter_desk::~dead_letter_desk() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  keeping_.join();
}

void dead_letter_desk::take(const letter_message& m, const caf::strong_actor_ptr& from) {
  const std::lock_guard lock(mutex_);
  const auto worker = from ? names_.find(from->node()) : names_.end();
  if (worker == names_.end())
    return strangers_.ignore("desk for dead letters");
  waiting_.push_back({m.letter, caf::actor_cast<caf::actor>(from)});
  waiting_.back().letter.node = worker->second;
  changed_.notify_all();
}

// The thread's life.
void dead_letter_desk::keep_all() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty())
      return;
    received next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    caf::send_as(slot_.address(), next.from, keep(std::move(next.letter)));
    next.from = nullptr;
    lock.lock();
  }
}

letter_answer_message dead_letter_desk::keep(dead_letter letter) {
  try {
    to_.put(std::move(letter));
    return {};
  } catch (const failure& e) {
    return {false, e.error()};
  } catch (const std::exception& e) { // of a sink of the user's own
    return {false, internal_error(e.what())};
  }
}

} // namespace leat
