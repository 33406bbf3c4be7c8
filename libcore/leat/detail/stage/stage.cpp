#include <leat/detail/stage/stage.hpp>

#include <leat/detail/record/plain_bytes.hpp>

namespace leat {

stage::~stage() = default;

result<void> stage::open(const stage_services& services) {
  services_ = services;
  return {};
}

result<command_effect> stage::prepare(const command& c) {
  return internal_error("stage \"" + services_.stage + "\" does not implement its command \"" +
                        c.verb + '"');
}

result<void> stage::save(std::string&) const {
  return internal_error("stage \"" + services_.stage + "\" cannot be saved");
}

result<captured_bytes> stage::capture() const {
  std::string saved;
  if (auto done = save(saved); !done)
    return done.error();
  return captured_bytes{[saved = std::move(saved)](std::string& to) { to += saved; }};
}

result<void> stage::load(byte_cursor&) {
  return internal_error("stage \"" + services_.stage + "\" cannot be loaded");
}

void stage::flush() {
  for (port* p : ports_)
    p->flush();
}

void stage::stall(const stamp&) {
  for (port* p : ports_)
    p->stall();
}

result<void> stage::loaded(bool good) const {
  if (good)
    return {};
  return external_error("the saved state of stage \"" + services_.stage + "\" is corrupt");
}

void stage::advance_ports(const mark& m) {
  for (port* p : ports_)
    p->advance(m);
}

result<void> emitting_stage::open(const stage_services& services) {
  services_ = services;
  carried_columns carried;
  for (const port* p : ports_)
    carried |= p->carried();
  output_.open(services_.limits, carried, services_.stage, services_.dead_letters);
  return {};
}

void emitting_stage::advance(const mark& m) {
  constexpr unsigned advances_per_flush = 8;
  if (!output_.carried().stamps)
    return;
  reached_.raise(m);
  if (!gathering() && !blocked())
    promise(reached_);
  if (++advances_ >= advances_per_flush)
    flush();
}

bool emitting_stage::drain() {
  const bool clear = output_.hand_on();
  stage_counters::add(services_.counters->records_out, output_.take_count());
  if (clear && output_.carried().stamps)
    promise(reached_);
  return clear;
}

result<void> emitting_stage::save(std::string& to) const {
  output_.save(to);
  put_plain(to, reached_.progress);
  return {};
}

result<void> emitting_stage::load(byte_cursor& from) {
  const bool good = output_.load(from, joins()) && get_least(from, reached_.progress);
  ++loaded_parts_;
  return loaded(good);
}

bool emitting_stage::get_least(byte_cursor& from, stamp& least) const {
  stamp saved;
  if (!get_plain(from, saved))
    return false;
  least = joins() ? std::min(least, saved) : saved;
  return true;
}

void emitting_stage::stall(const stamp& consumed) {
  output_.hand_on();
  output_.passed(consumed);
  stage::stall(consumed);
}

void emitting_stage::flush() {
  advances_ = 0;
  drain();
  stage::flush();
}

void emitting_stage::promise(const mark& m) {
  output_.promised(m.progress);
  advance_ports(m);
}

} // namespace leat
