// Carries what is promised between the nodes of a job: one message for each pair of nodes is under
// way at a time, whatever the parallelism, and tells the latest of all that has changed.
#pragma once

#include <leat/detail/runtime/messages.hpp>
#include <leat/detail/runtime/progress_table.hpp>
#include <leat/detail/runtime/strangers.hpp>

namespace leat {

/// The tables of a group of consumers some of whose producers or consumers are on other nodes.
struct relayed_table {
  std::size_t group = 0;                  ///< the same number on all nodes
  std::shared_ptr<progress_table> own;    ///< of producers on this node; null: there are none
  std::shared_ptr<progress_table> others; ///< of those on other nodes; null: nobody reads it here
  std::vector<std::size_t> readers;       ///< other nodes with consumers
};

/// One on each node. It begins when it gets a relays_message.
class progress_relay final : public caf::event_based_actor {
public:
  progress_relay(caf::actor_config& config, std::vector<relayed_table> tables);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct peer {
    caf::actor relay;
    std::vector<bool> changed; ///< by table, since it was told
    bool told = false;         ///< and has not answered
  };

  caf::behavior messages();
  void begin(relays_message& m);
  void changed(std::size_t table);
  void tell(peer& p);
  void take(const progress_message& m);
  peer* sender();

  std::vector<relayed_table> tables_;
  std::vector<peer> peers_; ///< by node
  strangers strangers_;
};

} // namespace leat
