#include <leat/detail/runtime/subtask_actor.hpp>

#include <leat/detail/runtime/metrics.hpp>
#include <leat/detail/runtime/protocol_violation.hpp>

#include <fmt/format.h>

namespace leat {

namespace {

// Within a catch clause: what was thrown.
error thrown() {
  try {
    throw;
  } catch (const failure& e) {
    return e.error();
  } catch (const std::exception& e) {
    return internal_error(e.what());
  } catch (...) {
    return internal_error("an exception that is not a std::exception");
  }
}

} // namespace

subtask_actor::subtask_actor(caf::actor_config& config, subtask_blueprint blueprint)
    : caf::event_based_actor(config), blueprint_(std::move(blueprint)),
      packer_(blueprint_.compresses) {
  // Of messages that are not ours: an actor of the user's own derives from this one.
  set_exception_handler([this](std::exception_ptr& what) {
    try {
      std::rethrow_exception(what);
    } catch (...) {
      const error e = thrown();
      fail(e);
      // Not wired yet, it has no job to tell; then this is what the job hears.
      return caf::make_error(caf::sec::runtime_error, e.what);
    }
  });
}

template <class Body>
subtask_actor::no_answer subtask_actor::handle(Body body) {
  if (failed_ || (blueprint_.job_failed && *blueprint_.job_failed))
    return {}; // the job ends us, but frames may stand before its message
  try {
    body();
    if (subtask_ && subtask_->finished())
      quit();
    else if (subtask_ && mailbox().empty())
      subtask_->idle();
    else if (subtask_)
      left_open();
  } catch (...) {
    fail(thrown());
  }
  return {};
}

void subtask_actor::fail(error e) {
  e.stage = blueprint_.settings.services.stage;
  failed_ = true;
  if (subtask_)
    subtask_->blame(e);
  if (wiring_.job)
    send(wiring_.job, fault_message{wiring_.number, std::move(e)});
}

// Nothing but its wiring until that is done: a neighbour may be quicker. The rest waits.
caf::behavior subtask_actor::make_behavior() {
  set_default_handler(caf::skip);
  return {[this](wire_message& m) {
    return handle([&] {
      wire(m);
      set_default_handler(caf::print_and_drop);
      caf::event_based_actor::become(messages());
    });
  }};
}

caf::behavior subtask_actor::messages() {
  return {
      [this](deliver_message& m) {
        return handle([&] {
          if (is_from_producer(m.channel))
            subtask_->receive(m.channel, std::move(m.content));
        });
      },
      [this](const grant_message& m) {
        return handle([&] {
          if (is_from_consumer(m.port, m.lane))
            subtask_->granted(m.port, m.lane, m.returned);
        });
      },
      [this](const wake_message& m) { return handle([&] { subtask_->woken(m.number); }); },
      [this](const cancel_message& m) {
        return handle([&] {
          if (is_from_consumer(m.port, m.lane))
            subtask_->cancelled(m.port, m.lane);
        });
      },
      [this](encoded_message& m) {
        return handle([&] {
          if (is_from_producer(m.channel))
            receive(m);
        });
      },
      [this](const prepare_message& m) {
        return handle([&] {
          if (is_from_job())
            prepare(m.what);
        });
      },
      [this](const withdraw_message&) {
        return handle([&] {
          if (is_from_job())
            subtask_->withdraw();
        });
      },
      [this](const barrier_message& m) {
        return handle([&] {
          if (!is_from_job())
            return;
          byte_cursor content(m.content);
          auto at = decode_barrier(content);
          if (!at)
            throw failure(internal_error("corrupt bytes of a barrier"));
          subtask_->inject(std::move(at));
        });
      },
      [this](const promise_message& m) {
        return handle([&] {
          if (!is_from_producer(m.channel))
            return;
          const auto& producer = wiring_.channels[m.channel];
          send(producer.from, heard_message{producer.port, producer.lane});
          subtask_->promised(m.channel, m.promised, m.frames);
        });
      },
      [this](const heard_message& m) {
        return handle([&] {
          if (is_from_consumer(m.port, m.lane))
            heard(m);
        });
      },
      [this](const look_message&) { return handle([&] { subtask_->work(); }); },
      [this](const start_message&) {
        return handle([&] {
          if (is_from_job())
            subtask_->work();
        });
      },
      [this](const commit_message& m) {
        return handle([&] {
          if (is_from_job())
            subtask_->commit(m.up_to, m.last);
        });
      },
      [this](const wire_message& m) {
        send(m.job, fault_message{m.number, user_error("it is part of another job already",
                                                       "spawn one for each job")});
      },
  };
}

// Who is wired, but speaks on another's channel or lane, breaks the protocol; who is not wired is
// not heard.
bool subtask_actor::is_from_producer(std::size_t channel) {
  const auto& all = wiring_.channels;
  if (channel < all.size() && is_from(*this, all[channel].from))
    return true;
  for (const auto& producer : all)
    if (is_from(*this, producer.from))
      throw protocol_violation(fmt::format("channel {} is not its own", channel));
  strangers_.ignore(blueprint_.settings.services.stage);
  return false;
}

bool subtask_actor::is_from_consumer(std::size_t port, std::size_t lane) {
  const auto& all = wiring_.ports;
  if (port < all.size() && lane < all[port].size() && is_from(*this, all[port][lane].to))
    return true;
  for (const auto& lanes : all)
    for (const auto& consumer : lanes)
      if (is_from(*this, consumer.to))
        throw protocol_violation(fmt::format("lane {} of port {} is not its own", lane, port));
  strangers_.ignore(blueprint_.settings.services.stage);
  return false;
}

bool subtask_actor::is_from_job() {
  if (is_from(*this, wiring_.job))
    return true;
  strangers_.ignore(blueprint_.settings.services.stage);
  return false;
}

void subtask_actor::wire(wire_message& m) {
  wiring_ = std::move(m);
  if (blueprint_.complete)
    blueprint_.complete(blueprint_, wiring_);
  for (const auto& lanes : wiring_.ports) {
    sent_.emplace_back(lanes.size());
    told_.emplace_back(lanes.size());
  }
  received_.resize(wiring_.channels.size());
  blueprint_.settings.services.after = wiring_.after;
  blueprint_.promises.resize(wiring_.ports.size());
  const auto me = caf::actor_cast<caf::weak_actor_ptr>(this);
  blueprint_.settings.services.wake_soon = [me] {
    if (const auto strong = caf::actor_cast<caf::actor>(me))
      caf::anon_send(strong, wake_message{});
  };
  for (const channel_promises& reads : blueprint_.reads)
    reads.in->attach(reads.consumer, [me] {
      if (const auto strong = caf::actor_cast<caf::actor>(me))
        caf::anon_send(strong, look_message{});
    });
  bind_stage(*blueprint_.logic);
  subtask_.emplace(std::move(blueprint_.logic), blueprint_.settings, messenger_,
                   *blueprint_.metrics);
  if (auto opened = subtask_->open(); !opened)
    throw failure(opened.error());
  load();
  send(wiring_.job, ready_message{wiring_.number});
  if (subtask_->ended())
    subtask_->tell_end();
}

void subtask_actor::load() {
  if (!blueprint_.keep_state)
    return;
  for (const saved_state_file& state : blueprint_.saved_states) {
    const auto saved = state.read();
    if (!saved)
      throw failure(saved.error());
    if (auto loaded = subtask_->load(*saved, state.files_at); !loaded)
      throw failure(loaded.error());
  }
  if (auto begun = subtask_->begin(); !begun)
    throw failure(begun.error());
}

void subtask_actor::prepare(const command& c) {
  prepare_answer_message m{wiring_.number};
  if (const auto prepared = subtask_->prepare(c); !prepared) {
    m.refused = true;
    m.why = prepared.error();
    m.why.stage = blueprint_.settings.services.stage;
  }
  send(wiring_.job, std::move(m));
}

// A frame that is missing, or comes twice, is a fault and not a wrong result.
void subtask_actor::receive(encoded_message& m) {
  if (m.channel >= received_.size() || m.sequence != received_[m.channel])
    throw failure(internal_error("a frame from another process is out of sequence"));
  ++received_[m.channel];
  const auto& codec = blueprint_.settings.channels[m.channel]->codec;
  if (!codec)
    throw protocol_violation("a frame came as bytes where records do not travel");
  auto f = packer_.unpack(m.content, *codec);
  if (!f)
    throw failure(f.error());
  subtask_->receive(m.channel, std::move(*f));
}

void subtask_actor::tell(std::size_t port, std::size_t lane) {
  told_lane& t = told_[port][lane];
  t.changed = t.told;
  if (std::exchange(t.told, true))
    return;
  const auto& consumer = wiring_.ports[port][lane];
  send(consumer.to, promise_message{consumer.channel, t.promised, t.frames});
}

void subtask_actor::heard(const heard_message& m) {
  told_lane& t = told_[m.port][m.lane];
  t.told = false;
  if (t.changed)
    tell(m.port, m.lane);
}

caf::invoke_message_result subtask_actor::consume(caf::mailbox_element& m) {
  const poison_watch::turn turn(subtask_ ? subtask_->watch() : nullptr);
  if (subtask_)
    subtask_->begin_turn();
  const auto how = caf::event_based_actor::consume(m);
  if (subtask_ && mailbox().empty())
    subtask_->end_turn();
  return how;
}

void subtask_actor::on_exit() {
  for (const channel_promises& reads : blueprint_.reads)
    reads.in->attach(reads.consumer, {});
  // Neighbours hold each other; let go, or nobody is ever freed.
  subtask_.reset();
  wiring_ = {};
  blueprint_ = {};
}

void subtask_actor::messenger::send(std::size_t port, std::size_t lane, frame f) {
  const auto& consumer = self.wiring_.ports[port][lane];
  if (!consumer.elsewhere) {
    if (const port_promises& shared = self.blueprint_.promises[port]; shared.in)
      shared.in->sends(shared.producer, shared.first_consumer + lane);
    self.send(consumer.to, deliver_message{consumer.channel, std::move(f)});
    return;
  }
  self.send(consumer.to, encoded_message{consumer.channel, self.sent_[port][lane]++,
                                         self.packer_.pack(f, *self.blueprint_.port_codecs[port])});
}

void subtask_actor::messenger::promise(std::size_t port, const mark& m,
                                       std::span<const std::uint64_t> frames) {
  if (const port_promises& shared = self.blueprint_.promises[port]; shared.in)
    return shared.in->publish(shared.producer, m, shared.first_consumer, frames);
  for (std::size_t lane = 0; lane < frames.size(); ++lane) {
    self.told_[port][lane].promised = m;
    self.told_[port][lane].frames = frames[lane];
    self.tell(port, lane);
  }
}

void subtask_actor::messenger::look(inlet& in) {
  for (const channel_promises& shared : self.blueprint_.reads) {
    const auto together =
        in.empty() ? shared.in->read_together(shared.consumer, in.taken()) : std::nullopt;
    if (together)
      in.promise_all(*together);
    else
      shared.in->read(shared.consumer,
                      [&](std::size_t producer, const mark& m, std::uint64_t frames) {
                        if (const auto channel = shared.channels[producer])
                          in.promise(*channel, m, frames);
                      });
  }
}

void subtask_actor::messenger::grant(std::size_t channel, const credit& returned) {
  const auto& producer = self.wiring_.channels[channel];
  self.send(producer.from, grant_message{producer.port, producer.lane, returned});
}

void subtask_actor::messenger::cancel(std::size_t channel) {
  const auto& producer = self.wiring_.channels[channel];
  self.send(producer.from, cancel_message{producer.port, producer.lane});
}

void subtask_actor::messenger::again(std::uint64_t number) {
  self.send(&self, wake_message{number});
}

void subtask_actor::messenger::wake_at(clock_time when, std::uint64_t number) {
  const clock_time wait = when - self.blueprint_.settings.services.time->now();
  self.delayed_send(&self, std::chrono::nanoseconds{std::max<clock_time>(wait, 0)},
                    wake_message{number});
}

std::string subtask_actor::last_metrics() const {
  return blueprint_.reports_metrics ? encode_metrics(*blueprint_.metrics) : std::string{};
}

void subtask_actor::messenger::passed(const barrier& at) {
  if (!self.blueprint_.keep_state)
    return;
  saved_message m{self.wiring_.number, at.epoch, {}};
  auto saved = self.subtask_->capture();
  if (!saved) {
    m.failed = true;
    m.why = saved.error();
    return self.send(self.wiring_.job, std::move(m));
  }
  const stage_services& of = self.blueprint_.settings.services;
  self.blueprint_.keep_state(
      {at.epoch, of.stage, of.subtask, of.subtasks, of.stage_number, self.subtask_->ended(),
       self.subtask_->has_outputs(), self.subtask_->holds_records(), std::move(*saved)},
      [m, me = caf::actor_cast<caf::actor>(&self), job = self.wiring_.job](auto kept) mutable {
        m.failed = !kept;
        if (kept)
          m.state = std::move(*kept);
        else
          m.why = kept.error();
        caf::send_as(me, job, std::move(m));
      });
}

void subtask_actor::messenger::prepared() {
  self.send(self.wiring_.job, prepared_message{self.wiring_.number, self.last_metrics()});
}

void subtask_actor::messenger::done() {
  self.send(self.wiring_.job,
            done_message{self.wiring_.number, self.last_metrics(),
                         self.blueprint_.reports_metrics ? own_usage() : process_usage{}});
}

} // namespace leat
