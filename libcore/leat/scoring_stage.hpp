// The scoring stage: hands panes to a model and emits each record with its score and the model's
// identity. If a pane fails it is bisected, and only rows that fail alone become dead letters.
#pragma once

#include <leat/model.hpp>
#include <leat/raw_text.hpp>
#include <leat/stage.hpp>

namespace leat {

template <class F, class Score>
class scoring_stage final : public producing_stage<scored<F, Score>> {
  using base = producing_stage<scored<F, Score>>;
  using base::out_, base::services_;

public:
  scoring_stage(std::shared_ptr<const model<F, Score>> m, fanout<scored<F, Score>> to)
      : base(std::move(to)), model_(std::move(m)) {}

  void consume(frame& f, std::size_t& next, std::size_t end) override {
    auto& from = f.as<F>();
    owner_ = f.sole_owner();
    const std::size_t first = next;
    std::size_t pane = 0; // index into f.panes.ends
    while (next < end) {
      const std::size_t to = block_end(f.panes, pane, next, end);
      score(from, next, to);
      emit(from, next, to);
      next = to;
      if (out_.full() && !out_.hand_on())
        break;
    }
    stage_counters::add(services_.counters->records_in, next - first);
  }

private:
  static constexpr std::size_t most_in_block = 1024;

  // A pane, or a part of one that is too large: batch-invariance makes the cut invisible.
  static std::size_t block_end(const pane_ends& panes, std::size_t& pane, std::size_t begin,
                               std::size_t end) {
    if (panes.ones)
      return begin + 1;
    while (pane < panes.ends.size() && panes.ends[pane] <= begin)
      ++pane;
    const std::size_t pane_end = pane < panes.ends.size() ? panes.ends[pane] : end;
    return std::min({pane_end, end, begin + most_in_block});
  }

  void score(const rows_of<F>& from, std::size_t begin, std::size_t end) {
    scores_.resize(end - begin);
    failed_.clear();
    predict(from, begin, begin, end);
  }

  void predict(const rows_of<F>& from, std::size_t base_index, std::size_t begin, std::size_t end) {
    try {
      model_->predict(std::span<const F>(from.records).subspan(begin, end - begin),
                      std::span<Score>(scores_).subspan(begin - base_index, end - begin));
    } catch (const failure& e) {
      if (end - begin > 1) {
        const std::size_t middle = begin + (end - begin) / 2;
        predict(from, base_index, begin, middle);
        predict(from, base_index, middle, end);
        return;
      }
      failed_.push_back(begin);
      services_.dead_letters->put({e.error().what, services_.stage,
                                   from.stamps.empty() ? "" : raw_place(from.stamps[begin]),
                                   raw_text(from.records[begin])});
    }
  }

  void emit(rows_of<F>& from, std::size_t begin, std::size_t end) {
    ingest_cursor ingested(from.ingest);
    std::size_t failed = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (failed < failed_.size() && failed_[failed] == i) {
        ++failed;
        continue;
      }
      if (out_.stamped())
        out_.descend_from(from.stamps[i], false);
      out_.ingested_at(ingested.at(i));
      if (owner_)
        out_({std::move(from.records[i]), scores_[i - begin], model_->identity});
      else
        out_({from.records[i], scores_[i - begin], model_->identity});
    }
  }

  std::shared_ptr<const model<F, Score>> model_;
  std::vector<Score> scores_;
  std::vector<std::size_t> failed_;
  bool owner_ = false;
};

} // namespace leat
