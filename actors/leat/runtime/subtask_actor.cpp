#include <leat/runtime/subtask_actor.hpp>

#include <leat/runtime/measurements.hpp>

namespace leat {

subtask_actor::subtask_actor(caf::actor_config& config, subtask_blueprint blueprint)
    : caf::event_based_actor(config), blueprint_(std::move(blueprint)) {}

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
  } catch (const failure& e) {
    fail(e.error());
  } catch (const std::exception& e) {
    fail(internal_error(e.what()));
  } catch (...) {
    fail(internal_error("something was thrown that is no std::exception"));
  }
  return {};
}

void subtask_actor::fail(error e) {
  e.stage = blueprint_.settings.services.stage;
  failed_ = true;
  caf::event_based_actor::send(wiring_.job, fault_message{blueprint_.number, std::move(e)});
}

caf::behavior subtask_actor::make_behavior() {
  return {
      [this](deliver_message& m) {
        return handle([&] { subtask_->receive(m.channel, std::move(m.content)); });
      },
      [this](const grant_message& m) {
        return handle([&] { subtask_->granted(m.port, m.lane, m.returned); });
      },
      [this](const wake_message& m) { return handle([&] { subtask_->woken(m.number); }); },
      [this](const cancel_message& m) {
        return handle([&] { subtask_->cancelled(m.port, m.lane); });
      },
      [this](encoded_message& m) { return handle([&] { receive(m); }); },
      [this](const barrier_message& m) {
        return handle([&] {
          byte_cursor content(m.content);
          auto at = decode_barrier(content);
          if (!at)
            throw failure(internal_error("a barrier whose bytes make no sense"));
          subtask_->inject(std::move(at));
        });
      },
      [this](const floor_message& m) { return handle([&] { subtask_->floor(m.slowest); }); },
      [this](const start_message&) { return handle([&] { subtask_->work(); }); },
      [this](wire_message& m) { return handle([&] { wire(m); }); },
  };
}

void subtask_actor::wire(wire_message& m) {
  wiring_ = std::move(m);
  for (const auto& lanes : wiring_.ports)
    sent_.emplace_back(lanes.size());
  received_.resize(wiring_.channels.size());
  blueprint_.settings.services.wake_soon = [me = caf::actor_cast<caf::weak_actor_ptr>(this)] {
    if (const auto strong = caf::actor_cast<caf::actor>(me))
      caf::anon_send(strong, wake_message{});
  };
  subtask_.emplace(std::move(blueprint_.logic), blueprint_.settings, static_cast<host&>(*this),
                   *blueprint_.metrics);
  if (auto opened = subtask_->open(); !opened)
    throw failure(opened.error());
  caf::event_based_actor::send(wiring_.job, ready_message{blueprint_.number});
}

// A frame that is missing, or comes twice, is a fault and not a wrong result.
void subtask_actor::receive(encoded_message& m) {
  if (m.channel >= received_.size() || m.sequence != received_[m.channel])
    throw failure(internal_error("a frame from another process is out of sequence"));
  ++received_[m.channel];
  auto f = decode_frame(m.content, *blueprint_.channel_codecs[m.channel]);
  if (!f)
    throw failure(f.error());
  subtask_->receive(m.channel, std::move(*f));
}

void subtask_actor::on_exit() {
  // Neighbours hold each other; let go, or nobody is ever freed.
  subtask_.reset();
  wiring_ = {};
  blueprint_ = {};
}

void subtask_actor::send(std::size_t port, std::size_t lane, frame f) {
  const auto& consumer = wiring_.ports[port][lane];
  if (!consumer.elsewhere) {
    caf::event_based_actor::send(consumer.to, deliver_message{consumer.channel, std::move(f)});
    return;
  }
  encoded_message m{consumer.channel, sent_[port][lane]++, {}};
  encode_frame(f, *blueprint_.port_codecs[port], m.content);
  caf::event_based_actor::send(consumer.to, std::move(m));
}

void subtask_actor::grant(std::size_t channel, const credit& returned) {
  const auto& producer = wiring_.channels[channel];
  caf::event_based_actor::send(producer.from,
                               grant_message{producer.port, producer.lane, returned});
}

void subtask_actor::cancel(std::size_t channel) {
  const auto& producer = wiring_.channels[channel];
  caf::event_based_actor::send(producer.from, cancel_message{producer.port, producer.lane});
}

void subtask_actor::again(std::uint64_t number) {
  caf::event_based_actor::send(this, wake_message{number});
}

void subtask_actor::wake_at(clock_time when, std::uint64_t number) {
  // Timers are late by some 100 us; what is due sooner is better polled for.
  static constexpr clock_time timers_worth = 100'000;
  const clock_time wait = when - blueprint_.settings.services.time->now();
  if (wait < timers_worth)
    again(number);
  else
    delayed_send(this, std::chrono::nanoseconds{wait}, wake_message{number});
}

void subtask_actor::report(const mark& reached) {
  caf::event_based_actor::send(wiring_.job,
                               report_message{blueprint_.number, reached.progress, reached.idle});
}

void subtask_actor::done() {
  done_message m{blueprint_.number, {}};
  if (blueprint_.tells_figures)
    m.measured = encode_measurements(*blueprint_.metrics);
  caf::event_based_actor::send(wiring_.job, std::move(m));
}

} // namespace leat
