// The scoring stage: hands panes to a model and emits each record with its score and the model's
// identity. If a pane fails it is bisected, and only rows that fail alone become dead letters.
#pragma once

#include <leat/detail/stage/rejecting.hpp>
#include <leat/model.hpp>

namespace leat {

template <class F, class Score>
class scoring_stage final : public producing_stage<scored<F, Score>> {
  using base = producing_stage<scored<F, Score>>;
  using base::out_, base::services_;

public:
  scoring_stage(std::shared_ptr<const model<F, Score>> m, fanout to)
      : base(std::move(to)), model_(std::move(m)) {}

  result<void> open(const stage_services& services) override {
    auto opened = base::open(services);
    scores_ = std::make_unique<Score[]>(out_.capacity() + most_in_pane);
    return opened;
  }

  void consume(std::size_t, frame& f, std::size_t& next, std::size_t end) override {
    const std::span<F> from = f.as<F>();
    const bool owner = f.sole_owner();
    const std::size_t first = next;
    std::size_t pane = 0; // index into f.panes.ends
    while (next < end) {
      const std::size_t begin = block_ = next;
      const std::size_t enough = begin + out_.room();
      failed_.clear();
      do {
        const std::size_t to = pane_end(f.panes, pane, next, end);
        predict(from, next, to);
        next = to;
      } while (next < end && next < enough);
      report_failed(*f.records, first);
      emit(*f.records, begin, next, owner);
      if (out_.full() && !out_.hand_on())
        break;
    }
    stage_counters::add(services_.counters->records_in, next - first);
  }

private:
  static constexpr std::size_t most_in_pane = 1024;

  // A pane, or a part of one that is too large: batch-invariance makes the cut invisible.
  static std::size_t pane_end(const pane_ends& panes, std::size_t& pane, std::size_t begin,
                              std::size_t end) {
    if (panes.ones)
      return begin + 1;
    while (pane < panes.ends.size() && panes.ends[pane] <= begin)
      ++pane;
    const std::size_t whole = pane < panes.ends.size() ? panes.ends[pane] : end;
    return std::min({whole, end, begin + most_in_pane});
  }

  void predict(std::span<const F> rows, std::size_t begin, std::size_t end) {
    const std::size_t count = end - begin;
    try {
      model_->predict(rows.subspan(begin, count), {scores_.get() + (begin - block_), count});
    } catch (const failure& e) {
      if (e.error().domain != error_domain::user)
        throw;
      if (count == 1)
        return failed_.emplace_back(begin, e.error().what), void();
      const std::size_t middle = begin + count / 2;
      predict(rows, begin, middle);
      predict(rows, middle, end);
    }
  }

  void report_failed(const rows& from, std::size_t first) {
    for (const auto& [i, reason] : failed_)
      services_.dead_letters->put({reason, services_.stage, place_of(services_, from, i, first),
                                   raw_text(from.as<F>()[i])});
  }

  void emit(rows& all, std::size_t begin, std::size_t end, bool owner) {
    const std::span<F> from = all.as<F>();
    const auto score = [&](std::size_t i, scored<F, Score>& to) {
      if (owner)
        to.record = std::move(from[i]);
      else
        to.record = from[i];
      to.score = scores_[i - block_];
      to.model = model_->identity;
    };
    envelope_cursor envelopes(all.envelopes, out_.carried());
    if (failed_.empty() && !out_.carried().stamps && all.envelopes.ingest().uniform()) {
      out_.descend_from(envelopes.at(begin), false);
      out_.fill(end - begin, [&, i = begin](scored<F, Score>& to) mutable { score(i++, to); });
      return;
    }
    std::size_t failed = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (failed < failed_.size() && failed_[failed].first == i) {
        ++failed;
        continue;
      }
      out_.descend_from(envelopes.at(i), false);
      scored<F, Score> one;
      score(i, one);
      out_(std::move(one));
    }
  }

  std::shared_ptr<const model<F, Score>> model_;
  std::unique_ptr<Score[]> scores_;                         // not a vector: a Score may be bool
  std::vector<std::pair<std::size_t, std::string>> failed_; // records, and why
  std::size_t block_ = 0;                                   // the record that the first score is of
};

} // namespace leat
