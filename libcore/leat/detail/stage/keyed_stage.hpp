// An operator as a stage.
#pragma once

#include <leat/detail/stage/rejecting.hpp>
#include <leat/detail/stage/stage_context.hpp>
#include <leat/detail/state/event_timers.hpp>
#include <leat/detail/state/processing_timers.hpp>
#include <leat/operator.hpp>

namespace leat {

/// Another input of such a stage, with keys of the same type.
template <class T, class KeyOf>
struct keyed_input {
  using record_type = T;
  KeyOf key_of;
};
struct no_input {};

/// Runs an operator over the records of its keys. With a second input the operator has
/// `process_left` and `process_right` instead of `process`.
template <class T, class KeyOf, class Op, class Second = no_input>
class keyed_stage final : public producing_stage<typename Op::output_type> {
  using base = producing_stage<typename Op::output_type>;
  using base::out_, base::services_, base::ports_;

public:
  keyed_stage(KeyOf key_of, Op op, fanout to, side_ports sides, Second second = {})
      : base(std::move(to)), first_{{std::move(key_of)}}, second_(std::move(second)),
        op_(std::move(op)), sides_(std::move(sides)) {
    for (auto& [name, side] : sides_)
      side->list_ports(ports_);
  }

  result<void> open(const stage_services& services) override {
    if (auto opened = base::open(services); !opened)
      return opened;
    read_ = reads_time ? all_columns : out_.carried();
    for (auto& [name, side] : sides_) {
      side->open(services);
      read_ |= side->carried();
    }
    ctx_.open(states_, services);
    ctx_.offer_timers(timers_.service());
    ctx_.offer_timers(processing_timers_.service());
    if constexpr (requires(setup & s) { op_.open(s); }) {
      setup s(states_, sides_, timers_.service(), processing_timers_.service());
      op_.open(s);
      for (const auto& [name, side] : sides_)
        if (!s.claimed(name))
          return user_error("the operator has no side output \"" + name + "\"");
    } else if (!sides_.empty()) {
      return user_error("the operator has no side output \"" + sides_.begin()->first + "\"");
    }
    if (services.states && !states_.stateless())
      states_.keep_cold(services.states->open(owner(), {}));
    if constexpr (has_timers)
      timers_.open(services.stage_number, services.out_of_order);
    if constexpr (has_processing_timers)
      processing_timers_.open(*services.time, services.wake_at);
    return {};
  }

  void consume(std::size_t input, frame& f, std::size_t& next, std::size_t end) override {
    if constexpr (two_inputs)
      if (input > 0)
        return consume_from(second_, f, next, end);
    consume_from(first_, f, next, end);
  }

  /// Timers up to a mark fire before it goes on; it waits while they wait for credit.
  void advance(const mark& m) override {
    if (fire(m.progress))
      pass_on(m);
    else
      waiting_ = m;
  }

  /// Processing timers fire between records, whatever the merge waits for. Those that are left at
  /// the end of the input do not.
  void wake() override {
    if constexpr (has_processing_timers)
      if (!ended_) {
        processing_timers_.wake();
        go_on();
      }
  }

  bool finish() override {
    if (!go_on()) // these stand before the end of the input
      return false;
    if constexpr (has_timers && !timers_end)
      if (!ended_)
        timers_.end();
    ended_ = true;
    if (!fire(end_of_stamps) || !drain())
      return false;
    count_dropped();
    return true;
  }

  /// States are saved by key group, so that groups can go to other subtasks. Timers are states, and
  /// none is due at a barrier.
  result<void> save(std::string& to) const override {
    const auto captured = capture();
    if (!captured)
      return captured.error();
    (*captured)(to);
    return {};
  }
  /// A snapshot shares all pages of the states that do not change meanwhile.
  result<captured_bytes> capture() const override {
    std::string before, behind;
    for (const auto& [name, side] : sides_)
      side->save(before);
    if constexpr (has_processing_timers)
      put_plain(before, position_);
    if (auto saved = base::save(behind); !saved)
      return saved.error();
    if (states_.is_cold())
      return capture_cold(before + behind);
    return captured_bytes{[before = std::move(before), states = states_.snapshot(),
                           behind = std::move(behind)](std::string& to) {
      append_binary(to, states->types());
      append_groups(to, *states);
      to += before;
      to += behind;
    }};
  }
  saved_contents saves() const override { return saved_contents::states; }
  result<void> load(byte_cursor& from) override {
    if (auto groups = load_groups(from); !groups)
      return groups;
    for (const auto& [name, side] : sides_)
      if (!side->load(from, base::joins()))
        return this->loaded(false);
    if constexpr (has_processing_timers)
      if (!base::get_least(from, position_))
        return this->loaded(false);
    return base::load(from);
  }
  void find_files_at(const std::string& prefix) override { files_at_ = prefix; }
  result<void> begin() override {
    timers_.load();
    processing_timers_.load();
    return {};
  }
  bool claims(std::size_t input, const rows& held, std::size_t record, std::size_t) const override {
    if constexpr (two_inputs)
      if (input > 0)
        return owns(second_, held, record);
    return owns(first_, held, record);
  }

  bool blocked() const override { return in_mid_firing() || outputs_blocked(); }
  void resume() override { drain(); }
  bool drain() override {
    if (!drain_outputs())
      return false;
    if (!in_mid_firing())
      return true;
    return go_on() && drain_outputs();
  }
  void stall(const stamp& consumed) override {
    const stamp passed = any_up_to(consumed) ? stamp{} : consumed;
    reach(passed);
    for (auto& [name, side] : sides_) {
      side->hand_on();
      side->passed(passed);
    }
    base::stall(passed);
  }

private:
  /// Apart from the second one, also if that is of the same types.
  struct first_input : keyed_input<T, KeyOf> {};
  static constexpr bool two_inputs = !std::is_same_v<Second, no_input>;
  using key_type = std::remove_cvref_t<std::invoke_result_t<const KeyOf&, const T&>>;
  static constexpr bool has_timers = takes_timers<Op, key_type>;
  static constexpr bool has_processing_timers = takes_processing_timers<Op, key_type>;
  static constexpr bool reads_time = reads_event_time<Op, T, key_type, Second>;
  static constexpr bool timers_end = requires { requires Op::timers_end; };

  template <class Store>
  static void append_groups(std::string& to, const Store& states) {
    const auto groups = states.groups();
    grow_buffer(to, binary_length_size(groups.size())).put_length(groups.size());
    for (const detail::group_of_keys& group : groups) {
      std::string saved;
      states.save(group, saved);
      append_binary(to, std::uint64_t{group.group});
      append_binary(to, saved);
    }
  }
  result<void> load_groups(byte_cursor& from) {
    std::vector<detail::saved_state_text> types;
    std::size_t groups = 0;
    if (!read_binary(from, types) || !from.take_length(groups))
      return this->loaded(false);
    states_.expect_types(std::move(types));
    std::uint64_t group = 0;
    for (std::string saved; groups > 0; --groups) {
      if (!read_binary(from, group) || group > max_parallelism || !read_binary(from, saved))
        return this->loaded(false);
      if (group == detail::stored_states::group_number) {
        if (auto loaded = load_stored(saved); !loaded)
          return loaded;
        continue;
      }
      if (!owns(static_cast<key_group>(group)))
        continue;
      if (auto loaded = states_.load(saved); !loaded)
        return loaded;
    }
    return {};
  }

  std::string owner() const { return services_.stage + '-' + std::to_string(services_.subtask); }
  // The files of the cold store are saved with it, and it says only what is in them.
  result<captured_bytes> capture_cold(std::string rest) const {
    auto files = states_.write_cold();
    detail::stored_states stored{
        std::string(services_.states->name()), services_.subtask, services_.subtasks, {}};
    for (const stored_file& f : files->all())
      stored.files.push_back(f.name);
    std::string saved, content;
    append_binary(saved, stored);
    states_.append_stored_head(saved);
    append_binary(content, states_.types());
    grow_buffer(content, binary_length_size(1)).put_length(1);
    append_binary(content, detail::stored_states::group_number);
    append_binary(content, saved);
    content += rest;
    return captured_bytes{[content = std::move(content)](std::string& to) { to += content; },
                          std::move(files)};
  }
  // Where the subtask has saved the same states by itself, it goes on from its files.
  result<void> load_stored(std::string_view saved) {
    byte_cursor from(saved);
    detail::stored_states stored;
    if (!read_binary(from, stored))
      return this->loaded(false);
    if (!services_.states || services_.states->name() != stored.backend)
      return user_error("the state of stage \"" + services_.stage + "\" is kept in files of " +
                            stored.backend,
                        "start with --state " + stored.backend + ":DIR");
    const auto same = states_.read_stored_head(from);
    if (!same)
      return same.error();
    std::vector<stored_file> files;
    for (const std::string& name : stored.files)
      files.push_back({name, files_at_ + name});
    if (*same && !base::joins() && stored.subtask == services_.subtask &&
        stored.subtasks == services_.subtasks) {
      states_.keep_cold(services_.states->open(owner(), files));
      return {};
    }
    const auto store = services_.states->open(owner(), files);
    for (key_group group = 0; group < max_parallelism; ++group)
      if (owns(group))
        if (auto loaded = states_.load_stored(*store, group); !loaded)
          return loaded;
    return {};
  }
  template <class Input>
  bool owns(const Input& input, const rows& held, std::size_t record) const {
    return owns(
        key_group_of(key_hash(input.key_of(held.as<typename Input::record_type>()[record]))));
  }
  bool owns(key_group group) const {
    return subtask_of(group, services_.subtasks) == services_.subtask;
  }

  bool outputs_blocked() const {
    for (const auto& [name, side] : sides_)
      if (side->blocked())
        return true;
    return base::blocked();
  }
  bool drain_outputs() {
    bool clear = true;
    for (auto& [name, side] : sides_)
      clear = side->hand_on() && clear;
    return clear ? base::drain() : (out_.hand_on(), false); // the base lets marks go: all or none
  }

  bool any_up_to(const stamp& place) const {
    if constexpr (has_timers)
      return timers_.any_up_to(place);
    return false;
  }

  // Fires timers that stand up to this place, as one sequence with the records. False if credit
  // ended, if only with the last of them.
  bool fire(const stamp& until) {
    if constexpr (has_timers)
      while (timers_.any_up_to(until))
        if (outputs_blocked() || !fire_first())
          return false;
    return true;
  }
  bool fire_due() { return fire(stamp{}); }

  bool fire_first() {
    const auto first = timers_.take();
    start({timers_.here(), first->time, false, services_.time->now()});
    on_timer(*first);
    states_.leave();
    return pass_on_full();
  }

  // The same for processing timers. They take the place that the stage has come to, and event
  // timers that they set up to there follow them.
  bool fire_processing() {
    if constexpr (has_processing_timers)
      while (processing_timers_.any_due()) {
        if (outputs_blocked())
          return false;
        const auto first = processing_timers_.take();
        start({position_, position_.time, false, services_.time->now()});
        ctx_.set_due(first->time);
        on_timer(*first);
        processing_timers_.leave();
        pass_on_full();
        if (!fire_due())
          return false;
      }
    return true;
  }

  // A user error makes the timer a dead letter.
  template <class Firing>
  void on_timer(const Firing& f) {
    const auto call = [&] { return op_.on_timer(f.key, f.which, out_, ctx_); };
    if constexpr (std::is_void_v<decltype(call())>) {
      call();
    } else if (const result<void> done = call(); !done) {
      if (done.error().domain != error_domain::user)
        throw failure(done.error());
      services_.dead_letters->put({done.error().what, services_.stage, f.which.text(f.time), {}});
    }
  }

  // Timers that wait for credit, or a mark that waits for them.
  bool in_mid_firing() const {
    return waiting_ || timers_.any_due() || processing_timers_.any_due();
  }
  // Lets these go on. False if credit ended before the last of them.
  bool go_on() {
    if (!fire_due())
      return false;
    if (waiting_) {
      if (!fire(waiting_->progress))
        return false;
      pass_on(*std::exchange(waiting_, {}));
    }
    return fire_processing();
  }

  template <class Input>
  void consume_from(const Input& input, frame& f, std::size_t& next, std::size_t end) {
    const rows& from = *f.records;
    envelope_cursor envelopes(from.envelopes, read_);
    const std::size_t first = next;
    for (bool go_on = true; go_on && next < end;) {
      const envelope_view e = envelopes.at(next);
      if (!fire(e.at))
        break;
      start(e);
      const std::size_t same = envelopes.stamped() ? next + 1 : envelopes.same_until();
      for (const std::size_t to = std::min(same, end); go_on && next < to;) {
        process(input, from, next++, first);
        go_on = pass_on_full() && fire_due();
      }
    }
    stage_counters::add(services_.counters->records_in, next - first);
  }

  void pass_on(const mark& m) {
    reach(m.progress);
    base::advance(m);
  }
  void reach(const stamp& s) {
    if constexpr (has_processing_timers)
      position_ = std::max(position_, s);
  }

  void count_dropped() {
    auto& dropped = services_.counters->timers_dropped;
    if constexpr (has_timers)
      stage_counters::add(dropped, timers_.take_dropped());
    if constexpr (has_processing_timers)
      stage_counters::add(dropped, processing_timers_.size());
  }

  void promise(const mark& m) override {
    for (auto& [name, side] : sides_)
      side->promised(m.progress);
    base::promise(m);
  }

  bool gathering() const override {
    for (const auto& [name, side] : sides_)
      if (!side->empty())
        return true;
    return base::gathering();
  }

  // A record or a timer is at hand.
  void start(const envelope_view& e) {
    if constexpr (has_timers)
      timers_.stand_at(e.at);
    reach(e.at);
    ctx_.set_envelope(e);
    out_.descend_from(e, true);
    for (auto& [name, side] : sides_)
      side->descend_from(e);
  }

  template <class Input>
  void process(const Input& input, const rows& from, std::size_t i, std::size_t first) {
    using record = typename Input::record_type;
    const auto call = [this](const record& r) {
      if constexpr (!two_inputs)
        return op_.process(r, out_, ctx_);
      else if constexpr (std::is_same_v<Input, first_input>)
        return op_.process_left(r, out_, ctx_);
      else
        return op_.process_right(r, out_, ctx_);
    };
    if (states_.stateless())
      return process_or_reject<record>(services_, from, i, first, call);
    const auto& key = input.key_of(from.as<record>()[i]);
    states_.enter(key);
    process_or_reject<record>(services_, from, i, first, call);
    states_.leave();
  }

  bool pass_on_full() {
    bool clear = !out_.full() || out_.hand_on();
    for (auto& [name, side] : sides_)
      clear = (!side->full() || side->hand_on()) && clear;
    return clear;
  }

  first_input first_;
  Second second_;
  Op op_;
  detail::keyed_store<key_type> states_;
  std::conditional_t<has_timers, event_timers<key_type>, no_timers<event_time>> timers_{states_};
  std::conditional_t<has_processing_timers, processing_timers<key_type>, no_timers<processing_time>>
      processing_timers_{states_};
  side_ports sides_;
  std::string files_at_; // see find_files_at
  carried_columns read_;
  using offered = std::conditional_t<reads_time, event_context, context>;
  detail::stage_context<offered> ctx_;
  stamp position_;              // all up to it has come, for processing timers
  std::optional<mark> waiting_; // for timers that stand before it
  bool ended_ = false;
};

} // namespace leat
