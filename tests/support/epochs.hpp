// A sink in the hands of a coordinator that crashes, again and again, and goes on from its last
// checkpoint.
#pragma once

#include <leat/sink.hpp>

#include "support/dice.hpp"
#include "support/hosted.hpp"

namespace support {

/// What a checkpoint has of a subtask of a sink.
struct saved_sink {
  std::vector<std::string> outputs; ///< prepared and not yet committed when it was saved
  std::string last;                 ///< prepared last
  static constexpr auto fields =
      leat::fields("saved_sink", leat::field("outputs", &saved_sink::outputs),
                   leat::field("last", &saved_sink::last));
};

/// A job with one sink: what outlives its attempts. Its records are 0, 1, 2 ...
struct saved_job {
  leat::epoch used = 0;          ///< no epoch up to this one may be used any more
  leat::epoch checkpoint = 0;    ///< the last complete one
  std::uint64_t records = 0;     ///< before that
  std::vector<saved_sink> sinks; ///< by subtask
  bool done = false;
  static constexpr auto fields =
      leat::fields("saved_job", leat::field("used", &saved_job::used),
                   leat::field("checkpoint", &saved_job::checkpoint),
                   leat::field("records", &saved_job::records),
                   leat::field("sinks", &saved_job::sinks), leat::field("done", &saved_job::done));
};

/// Thrown where a process would have been killed.
struct crashed {};

/// One attempt of such a job.
template <class T>
class epoch_attempt {
public:
  using make_sink = std::function<std::unique_ptr<leat::stage>()>;
  using save_job = std::function<void(const saved_job&)>;

  /// `save` keeps what outlives a crash; `crash` is called wherever one may happen.
  epoch_attempt(saved_job job, dice& d, std::string folder, save_job save,
                std::function<void()> crash)
      : job_(std::move(job)), dice_(d), folder_(std::move(folder)), save_(std::move(save)),
        crash_(std::move(crash)) {}

  /// Writes these records, from where the last checkpoint was, to the end.
  void run(const std::vector<T>& records, const make_sink& make) {
    open(make);
    restore();
    std::uint64_t next = job_.records;
    while (!job_.done) {
      const std::uint64_t end = std::min<std::uint64_t>(records.size(), next + dice_.size(0, 40));
      for (; next < end; ++next)
        write(records[next], next % sinks_.size());
      if (dice_.coin())
        sinks_[dice_.size(0, sinks_.size())]->stage->flush();
      crash_();
      checkpoint(next, next == records.size() && dice_.coin());
    }
  }

private:
  void open(const make_sink& make) {
    for (std::size_t i = 0, count = dice_.size(1, 4); i < count; ++i) {
      auto& h = *sinks_.emplace_back(std::make_unique<hosted>());
      h.services.stage = "out/put";
      h.services.subtask = i;
      h.services.subtasks = count;
      h.services.checkpoints = true;
      h.services.after = job_.used;
      h.services.folder = folder_;
      const auto opened = h.open(make());
      if (!opened)
        throw leat::failure(opened.error());
      crash_();
    }
    now_.resize(sinks_.size());
  }

  // Each sink for itself, as they would at the same time.
  void restore() {
    for (std::size_t i = 0; i < sinks_.size(); ++i) {
      leat::stage& sink = *sinks_[i]->stage;
      for (std::size_t s = i; s < job_.sinks.size(); s += sinks_.size()) {
        for (const std::string& output : job_.sinks[s].outputs)
          sink.commit(output), crash_();
        if (!job_.sinks[s].last.empty())
          sink.restore_output(job_.sinks[s].last);
      }
      sink.discard_uncommitted();
      crash_();
    }
  }

  void write(const T& record, std::size_t subtask) {
    sinks_[subtask]->consume(frame_of(std::vector<T>{record}));
  }

  void checkpoint(std::uint64_t next, bool last) {
    job_.used += dice_.size(1, 3);
    save_(job_);
    for (std::size_t i = 0; i < sinks_.size(); ++i, crash_())
      if (std::string output = sinks_[i]->stage->prepare_output(job_.used); !output.empty()) {
        now_[i].outputs.push_back(output);
        now_[i].last = std::move(output);
      }
    if (dice_(0, 5) == 0)
      return; // it is given up, and its outputs are part of the next
    job_.checkpoint = job_.used;
    job_.records = next;
    job_.sinks = now_;
    save_(job_);
    crash_();
    for (std::size_t i = 0; i < sinks_.size(); ++i)
      for (const std::string& output : std::exchange(now_[i].outputs, {}))
        for (int times = dice_(1, 3); times > 0; --times)
          sinks_[i]->stage->commit(output), crash_();
    job_.done = last;
    save_(job_);
  }

  saved_job job_;
  dice& dice_;
  const std::string folder_;
  const save_job save_;
  const std::function<void()> crash_;
  std::vector<std::unique_ptr<hosted>> sinks_;
  std::vector<saved_sink> now_; ///< as the next checkpoint has them
};

/// Runs a job to its end, in as many attempts as the dice want. `look` is called after each one,
/// with what is saved.
template <class T, class MakeSink, class Look>
void run_with_crashes(const std::vector<T>& records, dice& d, const std::string& folder,
                      MakeSink make, Look look) {
  saved_job kept;
  for (int attempts = 0; !kept.done; ++attempts) {
    const bool may_crash = attempts < 30;
    try {
      epoch_attempt<T>(
          kept, d, folder, [&](const saved_job& job) { kept = job; },
          [&] {
            if (may_crash && d(0, 12) == 0)
              throw crashed{};
          })
          .run(records, make);
    } catch (const crashed&) {
    }
    look(kept);
  }
}

} // namespace support
