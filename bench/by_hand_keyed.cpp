// Keyed stages by hand, all in one thread: records are routed by the hash of their key into frames,
// frames wait in queues, each subtask finds its sums in a table with open addressing.
#include "by_hand.hpp"
#include "figures.hpp"

#include <leat/detail/record/key.hpp>
#include <leat/detail/transport/frame_limits.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

namespace bench {

namespace {

/// The place of a record in the order of the source.
using position = std::uint64_t;
constexpr position end_of_positions = ~position{0};

constexpr std::uint64_t no_keys = 0; // mask of an edge to one subtask

/// Positions are kept where an edge is `ordered`.
struct frame {
  static constexpr std::size_t room = leat::frame_limits{}.records;
  std::size_t size = 0;
  std::array<item, room> records;
  std::array<position, room> positions;
};

/// Frames that were read, for further use.
class frame_pool {
public:
  std::unique_ptr<frame> take() {
    if (free_.empty())
      return std::unique_ptr<frame>(new frame); // which leaves the records without values
    auto f = std::move(free_.back());
    free_.pop_back();
    return f;
  }
  void give_back(std::unique_ptr<frame> f) {
    f->size = 0;
    free_.push_back(std::move(f));
  }

private:
  std::vector<std::unique_ptr<frame>> free_;
};

/// From one subtask to another.
struct channel {
  std::deque<std::unique_ptr<frame>> frames;
  std::size_t read = 0;  ///< records of the first frame
  position promised = 0; ///< no record before this one follows the frames

  void drop_read(frame_pool& pool) {
    if (read < frames.front()->size)
      return;
    pool.give_back(std::move(frames.front()));
    frames.pop_front();
    read = 0;
  }
};

/// Between all subtasks of two stages.
class edge {
public:
  edge(std::size_t from, std::size_t to) : to_(to), channels_(from * to) {}

  std::vector<channel*> outputs_of(std::size_t from) {
    std::vector<channel*> outputs;
    for (std::size_t to = 0; to < to_; ++to)
      outputs.push_back(&channels_[from * to_ + to]);
    return outputs;
  }
  std::vector<channel*> inputs_of(std::size_t to) {
    std::vector<channel*> inputs;
    for (std::size_t i = to; i < channels_.size(); i += to_)
      inputs.push_back(&channels_[i]);
    return inputs;
  }

private:
  std::size_t to_;
  std::vector<channel> channels_;
};

/// Puts records into the open frame of the subtask that has their key.
template <bool ordered>
class router {
public:
  router(std::uint64_t key_mask, const std::vector<channel*>& to, frame_pool& pool)
      : key_mask_(key_mask), pool_(pool) {
    for (channel* c : to)
      lanes_.push_back({pool.take(), c});
  }

  void push(const item& record, position at) {
    lane& l = lanes_[subtask_of(record)];
    frame& f = *l.open;
    f.records[f.size] = record;
    if constexpr (ordered)
      f.positions[f.size] = at;
    if (++f.size == frame::room)
      send(l);
  }

  /// No record before this one will be pushed.
  void promise(position next) {
    if (next == end_of_positions)
      return end();
    if constexpr (ordered)
      for (lane& l : lanes_)
        l.to->promised = l.open->size > 0 ? l.open->positions.front() : next;
  }

private:
  struct lane {
    std::unique_ptr<frame> open;
    channel* to;
  };

  void end() {
    for (lane& l : lanes_) {
      if (l.open->size > 0)
        send(l);
      l.to->promised = end_of_positions;
    }
  }
  std::size_t subtask_of(const item& record) const {
    if (lanes_.size() == 1)
      return 0;
    const std::uint64_t hash = leat::key_hash(record.key & key_mask_);
    return leat::subtask_of(leat::key_group_of(hash), lanes_.size());
  }
  void send(lane& l) {
    l.to->frames.push_back(std::move(l.open));
    l.open = pool_.take();
  }

  std::uint64_t key_mask_;
  frame_pool& pool_;
  std::vector<lane> lanes_;
};

/// A sum for each key but the last.
class sum_table {
public:
  std::uint64_t& operator[](std::uint64_t key) {
    for (;;) {
      entry& e = find(key);
      if (e.key == key) [[likely]]
        return e.sum;
      if (2 * ++used_ <= entries_.size()) {
        e.key = key;
        return e.sum;
      }
      grow();
    }
  }

private:
  static constexpr std::uint64_t no_key = ~std::uint64_t{0};
  struct entry {
    std::uint64_t key = no_key;
    std::uint64_t sum = 0;
  };

  // By the upper bits of the hash: the lower ones have chosen the subtask.
  entry& find(std::uint64_t key) {
    const std::size_t mask = entries_.size() - 1;
    std::size_t i = (leat::key_hash(key) >> 32) & mask;
    while (entries_[i].key != key && entries_[i].key != no_key)
      i = (i + 1) & mask;
    return entries_[i];
  }
  void grow() {
    std::vector<entry> before(2 * entries_.size());
    before.swap(entries_);
    used_ = 0;
    for (const entry& e : before)
      if (e.key != no_key)
        (*this)[e.key] = e.sum;
  }

  std::vector<entry> entries_ = std::vector<entry>(64);
  std::size_t used_ = 0;
};

/// A subtask of a keyed stage: a running sum for each key.
template <bool ordered_in, bool ordered_out>
class summing_subtask {
public:
  summing_subtask(std::uint64_t key_mask, std::vector<channel*> inputs, router<ordered_out> out,
                  frame_pool& pool)
      : key_mask_(key_mask), inputs_(std::move(inputs)), out_(std::move(out)), pool_(pool) {}

  /// Processes what may go.
  void run() {
    if (ordered_in && inputs_.size() == 2)
      merge(*inputs_[0], *inputs_[1]);
    else
      for (channel* c : inputs_)
        drain(*c);
    position next = end_of_positions;
    for (const channel* c : inputs_)
      next = std::min(next, c->promised);
    out_.promise(next);
  }

private:
  void process(const frame& f, std::size_t i) {
    const item& record = f.records[i];
    out_.push(with_sum(record, sums_[record.key & key_mask_] += record.value),
              ordered_in ? f.positions[i] : position{});
  }

  void drain(channel& c) {
    while (!c.frames.empty()) {
      const frame& f = *c.frames.front();
      for (std::size_t i = 0; i < f.size; ++i)
        process(f, i);
      c.read = f.size;
      c.drop_read(pool_);
    }
  }

  // In the order of positions: a record goes once the other channel can bring none before it.
  void merge(channel& a, channel& b) {
    while (!a.frames.empty() && !b.frames.empty())
      merge_first_frames(a, b);
    // One of them is empty.
    drain_before(b.promised, a);
    drain_before(a.promised, b);
  }

  void merge_first_frames(channel& a, channel& b) {
    const frame& f = *a.frames.front();
    const frame& g = *b.frames.front();
    std::size_t i = a.read, j = b.read;
    while (i < f.size && j < g.size)
      if (f.positions[i] < g.positions[j])
        process(f, i++);
      else
        process(g, j++);
    a.read = i;
    b.read = j;
    a.drop_read(pool_);
    b.drop_read(pool_);
  }

  void drain_before(position end, channel& c) {
    while (!c.frames.empty() && c.frames.front()->positions[c.read] < end) {
      process(*c.frames.front(), c.read++);
      c.drop_read(pool_);
    }
  }

  std::uint64_t key_mask_;
  std::vector<channel*> inputs_;
  router<ordered_out> out_;
  frame_pool& pool_;
  sum_table sums_;
};

/// Generates records, a frame's worth at a time.
template <bool ordered>
class item_generator {
public:
  item_generator(std::uint64_t count, router<ordered> out) : end_(count), out_(std::move(out)) {}

  /// False after the last one.
  bool run() {
    for (const auto until = std::min<std::uint64_t>(next_ + frame::room, end_); next_ < until;
         ++next_)
      out_.push(generate(next_), next_);
    const bool more = next_ < end_;
    out_.promise(more ? next_ : end_of_positions);
    return more;
  }

private:
  std::uint64_t next_ = 0;
  std::uint64_t end_;
  router<ordered> out_;
};

void add_up(const std::vector<channel*>& inputs, frame_pool& pool, keyed_sums& sums) {
  for (channel* c : inputs)
    for (; !c->frames.empty(); c->drop_read(pool)) {
      const frame& f = *c->frames.front();
      sums.add({f.records.data(), f.size});
      c->read = f.size;
    }
}

keyed_sums one_stage(std::uint64_t count) {
  frame_pool pool;
  edge to_stage(1, 1), to_sink(1, 1);
  item_generator<false> source(count, {first_keys, to_stage.outputs_of(0), pool});
  summing_subtask<false, false> stage(first_keys, to_stage.inputs_of(0),
                                      {no_keys, to_sink.outputs_of(0), pool}, pool);
  keyed_sums sums;
  for (bool more = true; more;) {
    more = source.run();
    stage.run();
    add_up(to_sink.inputs_of(0), pool, sums);
  }
  return sums;
}

template <bool ordered>
keyed_sums two_stages(std::uint64_t count) {
  constexpr std::size_t subtasks = 2;
  frame_pool pool;
  edge to_first(1, subtasks), to_second(subtasks, subtasks), to_sink(subtasks, 1);
  item_generator<ordered> source(count, {first_keys, to_first.outputs_of(0), pool});
  std::deque<summing_subtask<ordered, ordered>> first;
  std::deque<summing_subtask<ordered, false>> second;
  for (std::size_t i = 0; i < subtasks; ++i) {
    first.emplace_back(first_keys, to_first.inputs_of(i),
                       router<ordered>(second_keys, to_second.outputs_of(i), pool), pool);
    second.emplace_back(second_keys, to_second.inputs_of(i),
                        router<false>(no_keys, to_sink.outputs_of(i), pool), pool);
  }
  keyed_sums sums;
  for (bool more = true; more;) {
    more = source.run();
    for (auto& subtask : first)
      subtask.run();
    for (auto& subtask : second)
      subtask.run();
    add_up(to_sink.inputs_of(0), pool, sums);
  }
  return sums;
}

keyed_sums run(keyed_shape shape, std::uint64_t count) {
  switch (shape) {
  case keyed_shape::one_stage:
    return one_stage(count);
  case keyed_shape::two_by_arrival:
    return two_stages<false>(count);
  case keyed_shape::two_by_stamp:
    return two_stages<true>(count);
  }
  return {};
}

} // namespace

double keyed_by_hand(keyed_shape shape, std::uint64_t count, keyed_sums& sums) {
  const double start = cpu_seconds();
  sums = run(shape, count);
  return (cpu_seconds() - start) * 1e9 / static_cast<double>(count);
}

} // namespace bench
