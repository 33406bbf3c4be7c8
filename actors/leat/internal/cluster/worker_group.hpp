// Where the workers of an attempt come from: this host, or others.
#pragma once

#include <leat/internal/cluster/placement.hpp>
#include <leat/internal/net/link.hpp>

#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

namespace leat {

class worker_processes;

/// Between two nodes: of one host, inherited by both; or over TCP.
using connection = std::variant<owned_socket, tls_link>;

/// The fault of an attempt that a worker has left before it ran.
inline error lost_before_job(std::string_view name) {
  return external_error(fmt::format("node {} was lost before the job began", name),
                        "what it printed stands above, or on its own host", true);
}

/// The workers of one attempt. Its end is their end.
class worker_group {
public:
  virtual ~worker_group() = default;

  /// Who they are: worker n is the n-th, from 1.
  virtual const std::vector<node_description>& nodes() const = 0;
  virtual bool on_other_hosts() const = 0;
  /// Those on other hosts from which nothing has come for lost_after(), by their number from 0.
  /// Asked ten times a second, also while the links are used.
  virtual std::vector<std::size_t> silent() = 0;
  /// The connections to them, in their order; once.
  virtual std::vector<connection> take_links() = 0;
  /// Of one that has ended unasked, is out of reach or has fallen silent: which, and how. Asked ten
  /// times a second.
  virtual std::optional<error> first_ended() = 0;
  /// Their processes, where this one has started them; null on other hosts, where how they end is
  /// their own affair.
  virtual worker_processes* processes() { return nullptr; }
};

/// Gets the workers of each attempt of a job.
class worker_source {
public:
  virtual ~worker_source() = default;
  virtual result<std::unique_ptr<worker_group>> start(std::uint64_t term) = 0;
};

} // namespace leat
