#include <leat/internal/runtime/progress_relay.hpp>

#include <algorithm>

namespace leat {

progress_relay::progress_relay(caf::actor_config& config, std::vector<relayed_table> tables)
    : caf::event_based_actor(config), tables_(std::move(tables)) {}

caf::behavior progress_relay::make_behavior() {
  const auto me = caf::actor_cast<caf::weak_actor_ptr>(this);
  for (std::size_t t = 0; t < tables_.size(); ++t)
    if (const auto& own = tables_[t].own)
      own->attach_relay([me, t] {
        if (const auto strong = caf::actor_cast<caf::actor>(me))
          caf::anon_send(strong, table_message{t});
      });
  set_default_handler(caf::skip); // another relay may begin before this one
  return {[this](relays_message& m) {
    set_default_handler(caf::print_and_drop);
    become(messages());
    begin(m);
  }};
}

caf::behavior progress_relay::messages() {
  return {
      [this](const table_message& m) { changed(m.table); },
      [this](const progress_message& m) {
        if (peer* const p = sender()) {
          send(p->relay, progress_heard_message{});
          take(m);
        }
      },
      [this](const progress_heard_message&) {
        if (peer* const p = sender()) {
          p->told = false;
          tell(*p);
        }
      },
  };
}

void progress_relay::on_exit() {
  for (const relayed_table& t : tables_)
    if (t.own)
      t.own->attach_relay({});
  tables_.clear();
  peers_.clear();
}

void progress_relay::begin(relays_message& m) {
  for (caf::actor& relay : m.relays)
    peers_.push_back({std::move(relay), std::vector<bool>(tables_.size()), false});
  for (std::size_t t = 0; t < tables_.size(); ++t)
    if (tables_[t].own)
      changed(t);
}

void progress_relay::changed(std::size_t table) {
  for (const std::size_t node : tables_[table].readers)
    if (node < peers_.size()) {
      peers_[node].changed[table] = true;
      tell(peers_[node]);
    }
}

// Tells all that has changed, once the last message was heard: what changes meanwhile waits, and
// only the latest of it is told.
void progress_relay::tell(peer& p) {
  if (p.told)
    return;
  progress_message m;
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    if (!p.changed[t])
      continue;
    p.changed[t] = false;
    tables_[t].own->read_all([&](std::size_t producer, const mark& promised,
                                 std::span<const std::uint64_t> frames) {
      m.promises.push_back({tables_[t].group, producer, promised, {frames.begin(), frames.end()}});
    });
  }
  if (m.promises.empty())
    return;
  p.told = true;
  send(p.relay, std::move(m));
}

void progress_relay::take(const progress_message& m) {
  for (const auto& [group, producer, promised, frames] : m.promises) {
    const auto table = std::ranges::find(tables_, group, &relayed_table::group);
    if (table == tables_.end() || !table->others)
      continue;
    if (producer < table->others->producers() && frames.size() == table->others->consumers())
      table->others->publish(producer, promised, 0, frames);
  }
}

progress_relay::peer* progress_relay::sender() {
  const auto found =
      std::ranges::find_if(peers_, [this](const peer& p) { return is_from(*this, p.relay); });
  if (found != peers_.end())
    return &*found;
  strangers_.ignore("relay of promises");
  return nullptr;
}

} // namespace leat
