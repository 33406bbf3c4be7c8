// Windows in the plain: each kind as the list of all panes, which is walked again for each record.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace support::reference {

/// A record of a window. Times are in microseconds.
struct window_record {
  std::int64_t key = 0;
  std::int64_t at = 0;
  std::int64_t passed = 0; ///< what ends up to here has fired before it
  std::int64_t gap = 1;    ///< of a session
};

/// A window that fires.
struct window_firing {
  std::int64_t key = 0;
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::vector<std::size_t> records; ///< their indices, in ascending order
  std::optional<std::size_t> after; ///< a late record makes it fire again
};

struct window_result {
  std::vector<window_firing> fired; ///< by time, then right behind the record
  std::vector<std::size_t> late;    ///< indices of records that are in no window
};

class naive_windows {
public:
  explicit naive_windows(std::int64_t lateness) : lateness_(lateness) {}
  virtual ~naive_windows() = default;

  window_result run(const std::vector<window_record>& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      reach(all[i].passed);
      if (!add(i, all[i]))
        result_.late.push_back(i);
    }
    reach(std::numeric_limits<std::int64_t>::max());
    return std::move(result_);
  }

protected:
  struct pane {
    std::int64_t key, start, end;
    std::vector<std::size_t> records;
  };

  virtual bool add(std::size_t i, const window_record& r) = 0;

  void fire(const pane& p, std::optional<std::size_t> after) {
    result_.fired.push_back({p.key, p.start, p.end, p.records, after});
    std::sort(result_.fired.back().records.begin(), result_.fired.back().records.end());
  }
  bool gone(const pane& p, std::int64_t passed) const {
    return p.end <= passed && p.end + lateness_ <= passed;
  }

  std::vector<pane> panes_;

private:
  // What has fired stays as long as it may get late records.
  void reach(std::int64_t passed) {
    std::vector<const pane*> due;
    for (const pane& p : panes_)
      if (p.end > reached_ && p.end <= passed)
        due.push_back(&p);
    std::sort(due.begin(), due.end(), [](auto* a, auto* b) { return a->end < b->end; });
    for (const pane* p : due)
      fire(*p, {});
    std::erase_if(panes_, [&](const pane& p) { return gone(p, passed); });
    reached_ = std::max(reached_, passed);
  }

  std::int64_t lateness_;
  std::int64_t reached_ = std::numeric_limits<std::int64_t>::min();
  window_result result_;
};

/// Tumbling ones slide by their size.
class naive_sliding final : public naive_windows {
public:
  naive_sliding(std::int64_t size, std::int64_t slide, std::int64_t offset, std::int64_t lateness)
      : naive_windows(lateness), size_(size), slide_(slide), offset_(offset) {}

private:
  bool add(std::size_t i, const window_record& r) override {
    bool any = false;
    for (std::int64_t start = r.at - size_ + 1; start <= r.at; ++start) {
      if ((start - offset_) % slide_ != 0)
        continue;
      const pane p{r.key, start, start + size_, {}};
      if (gone(p, r.passed))
        continue;
      any = true;
      pane& to = find(p);
      to.records.push_back(i);
      if (to.end <= r.passed)
        fire(to, i);
    }
    return any;
  }
  pane& find(const pane& like) {
    for (pane& p : panes_)
      if (p.key == like.key && p.start == like.start)
        return p;
    return panes_.emplace_back(like);
  }

  std::int64_t size_, slide_, offset_;
};

class naive_sessions final : public naive_windows {
public:
  using naive_windows::naive_windows;

private:
  bool add(std::size_t i, const window_record& r) override {
    pane joined{r.key, r.at, r.at + r.gap, {}};
    const auto touches = [&](const pane& p) {
      return p.key == r.key && p.start <= r.at + r.gap && p.end >= r.at;
    };
    for (const pane& p : panes_)
      if (touches(p)) {
        joined.start = std::min(joined.start, p.start);
        joined.end = std::max(joined.end, p.end);
        joined.records.insert(joined.records.end(), p.records.begin(), p.records.end());
      }
    if (gone(joined, r.passed))
      return false;
    std::erase_if(panes_, touches);
    joined.records.push_back(i);
    panes_.push_back(joined);
    if (joined.end <= r.passed)
      fire(joined, i);
    return true;
  }
};

} // namespace support::reference
