#include <leat/detail/stage/split_reader.hpp>

namespace leat {

read_batch batch_of(const pull_status& answer, stage_output& out, gathered_letters& letters,
                    waiting_note& waiting) {
  read_batch batch;
  batch.answer = answer;
  batch.letters = std::exchange(letters.kept, {});
  if (!out.empty()) {
    waiting.clear();
    batch.records = out.take();
  }
  return batch;
}

void batches_apart::open(std::shared_ptr<blocking_reader> reader, const stage_services& services) {
  apart_ = services.read_apart(std::move(reader), services.wake_soon);
}

pull_status batches_apart::take(std::size_t demand, stage_output& out) {
  if (!batch_ && !(batch_ = apart_->take()))
    return pull_status::idle(); // its thread wakes the stage
  for (dead_letter& l : std::exchange(batch_->letters, {}))
    out.reject(std::move(l.reason), std::move(l.place), std::move(l.raw));
  if (batch_->records) {
    rows& records = *batch_->records;
    out.take_over(records, next_, next_ + std::min(demand, records.size() - next_));
    if (next_ < records.size())
      return pull_status::more();
  }
  next_ = 0;
  // One that is idle calls again by itself, from its thread.
  const bool done = batch_->answer.is_done();
  batch_.reset();
  return done ? pull_status::done() : pull_status::more();
}

} // namespace leat
