// Where a coordinator gathers the workers of a job: they come from other hosts, and learn what is
// to be run.
#pragma once

#include <leat/internal/cluster/join_protocol.hpp>
#include <leat/internal/cluster/worker_group.hpp>
#include <leat/internal/net/reception.hpp>

namespace leat {

/// A worker that has joined, and the link to it.
struct joined_worker {
  joined_node about;
  tls_link link;
};

/// What all nodes run.
struct shared_command {
  std::vector<std::string> arguments;
  std::vector<std::string> files; ///< paths among the arguments whose files go to the workers
  std::uint64_t file_limit = std::uint64_t{4} << 30; ///< of each, in bytes
};

/// Of one thread.
class lobby {
public:
  /// The credentials outlive it. `patience`: with a worker that is sent files, for each message;
  /// `silence`: with one that prepares its share.
  static result<lobby> open(const node_address& at, const credentials& by,
                            std::chrono::milliseconds patience = std::chrono::seconds{30},
                            std::chrono::milliseconds silence = lost_after());

  const node_address& address() const { return reception_.address(); }

  /// After a loss: a gathering that is not the first waits so long for all workers, and then goes
  /// on with those that have come, or with the first that comes. Otherwise it waits for all.
  void accept_fewer(std::chrono::milliseconds after) { fewer_after_ = after; }

  /// Waits until so many workers have come, tells them the command, and waits until they are
  /// prepared. They are in the order of their names, whoever came first. `tell` hears who comes and
  /// goes, and who is turned away; asked to `stop`, it returns an error. After another error all
  /// workers are sent away.
  result<std::vector<joined_worker>> gather(std::size_t workers, std::uint64_t term,
                                            const shared_command& what,
                                            const std::function<bool()>& stop,
                                            const std::function<void(std::string)>& tell);

private:
  lobby(reception at, const credentials& by, std::chrono::milliseconds patience,
        std::chrono::milliseconds silence)
      : reception_(std::move(at)), own_(by.own()), patience_(patience), silence_(silence) {}

  result<joined_node> admit(const reception::arrival& a) const;
  void welcome(reception::arrival a, std::size_t wanted,
               const std::function<void(std::string)>& tell);
  void forget_gone(const std::function<void(std::string)>& tell);
  result<void> brief(std::vector<joined_worker>& all, join_answer answer) const;
  result<void> await_prepared(std::vector<joined_worker>& all,
                              const std::function<bool()>& stop) const;
  result<std::optional<preparation>> hear(joined_worker& from) const;
  result<void> send_files(tls_link& to, const std::vector<shipped_file>& files) const;

  reception reception_;
  node_identity own_;
  std::chrono::milliseconds patience_;
  std::chrono::milliseconds silence_;
  std::vector<joined_worker> waiting_;
  bool began_ = false; ///< an attempt has had its workers
  std::optional<std::chrono::milliseconds> fewer_after_;
};

/// Gathers so many workers for each attempt of a job. The lobby outlives it.
std::shared_ptr<worker_source> workers_of(lobby& at, std::size_t workers, shared_command what,
                                          std::function<bool()> stop,
                                          std::function<void(std::string)> tell);

} // namespace leat
