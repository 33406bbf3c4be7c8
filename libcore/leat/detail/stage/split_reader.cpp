#include <leat/detail/stage/split_reader.hpp>

#include <leat/detail/record/conversion.hpp>
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

  /// Before its thread has it.
  void begin_at(std::string_view position) { begin_ = position; }

  void open(waker wake) override {
    if (auto opened = reader_->open(std::move(wake), begin_); !opened)
      throw failure(opened.error());
  }

  read_batch pull() override {
    read_batch batch;
    batch.answer = reader_->pull(out_.room(), out_);
    batch.position = reader_->position();
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
  std::string begin_;
};

// The batches of a reader on its thread, as its stage takes them. One that was not taken counts as
// not read.
class batches_apart final : public split_reader {
public:
  batches_apart(std::shared_ptr<reader_apart> reader, const stage_services& services)
      : services_(services), output_(reader->type(), fanout{}), reader_(std::move(reader)) {}

  stage_output& output() override { return output_; }

  result<void> open(waker wake, std::string_view position) override {
    position_ = position;
    reader_->begin_at(position);
    thread_ = services_.read_apart(std::move(reader_), std::move(wake));
    return {};
  }

  pull_status pull(std::size_t demand, stage_output& out) override {
    if (!batch_ && !take(out))
      return pull_status::idle(); // its thread wakes the stage
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

  std::string position() const override { return position_; }

  void append_held(rows& to) const override {
    if (batch_ && batch_->records)
      to.append(*batch_->records, next_, batch_->records->size(), false);
  }

private:
  bool take(stage_output& out) {
    batch_ = thread_->take();
    if (!batch_)
      return false;
    position_ = std::move(batch_->position);
    for (dead_letter& l : batch_->letters)
      out.reject(std::move(l.reason), std::move(l.place), std::move(l.raw));
    return true;
  }

  const stage_services& services_;
  stage_output output_;
  std::shared_ptr<reader_apart> reader_; // until its thread has it
  std::unique_ptr<reading_thread> thread_;
  std::optional<read_batch> batch_; // on its way
  std::size_t next_ = 0;            // in batch_
  std::string position_;            // after batch_
};

class ended_reader final : public split_reader {
public:
  explicit ended_reader(const record_type& type) : output_(type, fanout{}) {}
  stage_output& output() override { return output_; }
  result<void> open(waker, std::string_view) override { return {}; }
  pull_status pull(std::size_t, stage_output&) override { return pull_status::done(); }

private:
  stage_output output_;
};

} // namespace

split_reader::~split_reader() = default;

error not_a_position() {
  return user_error("the saved position is none of this reader",
                    "run the source that it was saved by; pipes and sockets have no positions");
}

std::optional<std::string> position_now(std::string_view saved, const detail::type_history& type) {
  byte_cursor from(saved);
  std::string text, now;
  if (!read_binary(from, text))
    return std::nullopt;
  const std::string_view value = saved.substr(saved.size() - from.left());
  if (text == type.text())
    return std::string(value);
  const auto was = detail::parse_type(text);
  if (!was)
    return std::nullopt;
  const auto how = detail::conversion::between(*was, type);
  if (!how || !how->convert(from, now) || from.left() > 0)
    return std::nullopt;
  return now;
}

std::unique_ptr<split_reader> ended_split(const record_type& type) {
  return std::make_unique<ended_reader>(type);
}

std::unique_ptr<split_reader> read_on_thread(std::unique_ptr<split_reader> reader,
                                             const stage_services& services) {
  return std::make_unique<batches_apart>(
      std::make_shared<reader_apart>(std::move(reader), services), services);
}

} // namespace leat
