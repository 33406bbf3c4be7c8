#include <leat/detail/stage/split_reader.hpp>

#include <optional>

namespace leat {

namespace {

// Dead letters of a reader, until its stage has them.
class gathered_letters final : public dead_letter_sink {
public:
  std::vector<dead_letter> kept;
  void put(dead_letter letter) override { kept.push_back(std::move(letter)); }
  std::uint64_t count() const override { return kept.size(); }
};

// A reader on its thread. What it emits and rejects is gathered.
class reader_apart final : public blocking_reader {
public:
  reader_apart(std::unique_ptr<split_reader> reader, const stage_services& services)
      : reader_(std::move(reader)), out_(reader_->output()) {
    out_.open_for_reader(services.limits, services.stage, &letters_);
    out_.tell_waiting(services.counters->waiting);
  }

  void open(waker wake) override { reader_->open(std::move(wake)); }

  read_batch pull() override {
    read_batch batch;
    batch.answer = reader_->pull(out_.room(), out_);
    batch.letters = std::exchange(letters_.kept, {});
    if (!out_.empty())
      batch.records = out_.take();
    return batch;
  }

  bool cancel() override { return reader_->cancel(); }

  const record_type& type() const { return out_.gathered().type(); }

private:
  gathered_letters letters_;
  std::unique_ptr<split_reader> reader_;
  stage_output& out_;
};

// The batches of a reader on its thread, as its stage takes them.
class batches_apart final : public split_reader {
public:
  batches_apart(std::shared_ptr<reader_apart> reader, const stage_services& services)
      : services_(services), output_(reader->type(), fanout{}), reader_(std::move(reader)) {}

  stage_output& output() override { return output_; }

  void open(waker wake) override {
    thread_ = services_.read_apart(std::move(reader_), std::move(wake));
  }

  pull_status pull(std::size_t demand, stage_output& out) override {
    if (!batch_ && !(batch_ = thread_->take()))
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

private:
  const stage_services& services_;
  stage_output output_;
  std::shared_ptr<reader_apart> reader_; // until its thread has it
  std::unique_ptr<reading_thread> thread_;
  std::optional<read_batch> batch_; // on its way
  std::size_t next_ = 0;            // in batch_
};

} // namespace

split_reader::~split_reader() = default;

std::unique_ptr<split_reader> read_on_thread(std::unique_ptr<split_reader> reader,
                                             const stage_services& services) {
  return std::make_unique<batches_apart>(
      std::make_shared<reader_apart>(std::move(reader), services), services);
}

} // namespace leat
